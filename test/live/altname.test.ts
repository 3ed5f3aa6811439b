import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { startUdev, udevNeeds } from '../lab/udev.ts';
import { watchKernel } from '../lab/watch.ts';
import { runCli, spawnCli } from './support/cli.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const ROUNDS = 2;

describeLive(
  'altnames that systemd-udevd gives',
  () => {
    it.each([
      { what: 'the uplink alone', more: 'Kind=!openvswitch\nDriver=!tun\n' },
      // As cloud-init and installers write them: the host port has the same MAC (F-08).
      { what: 'its MAC, so the host port, too', more: '' },
    ])(
      'host-port commits although udev gives the name back, and restore leaves the altnames as they were (.link file for $what)',
      async ({ more }) => {
        await using lab = await createLab({ name: 'alt' });
        await configurePlainHost(lab);
        await using udev = await startUdev(lab, { linkFiles: { '10-lab.link': await linkFile(lab, more) } });
        expect(await altnames(lab, 'eth0')).toEqual(['enp0s1', 'lan']);
        const before = await captureTimed(lab);
        await using watch = await watchKernel(lab.hostNs, ['link']);

        // A race between udev and us by nature: every round must end well, whoever was faster.
        for (let round = 1; round <= ROUNDS; round += 1) {
          const run = spawnCli(lab, ['migrate', '-i', 'eth0', '-b', 'br-ext']);
          if (round === 1) {
            // Once, ovs-vswitchd is slow to make the host port: udev is the first for certain.
            await run.state('preparing.standing.renamingUplink');
            lab.pauseVswitchd();
            await Promise.race([watch.event(isReturned), run.state('cuttingOver')]);
            lab.resumeVswitchd();
          }
          const migrated = await run.ended;
          expect(migrated.code, migrated.stdout + migrated.stderr).toBe(0);
          expect(migrated.outcome).toMatchObject({ result: 'committed', failure: null });
          await udev.udevadm('settle');
          const uplink = await altnames(lab, 'eth0~');
          expect(uplink).not.toContain('eth0');
          expect(uplink).toEqual(expect.arrayContaining(['enp0s1', 'lan']));
          expect(await kindOf(lab, 'eth0')).toMatch(/tun|openvswitch/);
          expect((await runCli(lab, ['status'])).objects).toMatchObject([
            { status: { state: 'committed', drift: [] } },
          ]);

          const restored = await runCli(lab, ['restore', '-i', 'eth0']);
          expect(restored.code, restored.stdout + restored.stderr).toBe(0);
          await udev.udevadm('settle');
          expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
          expect(await altnames(lab, 'eth0')).toEqual(['enp0s1', 'lan']);
        }
        // Otherwise this test has shown nothing: udev did act on the rename.
        expect(watch.lines.filter(isReturned)).not.toEqual([]);
      },
    );
  },
  udevNeeds(),
);

/** A kernel event in which the renamed uplink has its old name as altname. */
function isReturned(line: string): boolean {
  return line.includes('eth0~') && /altname eth0(\s|\\|$)/.test(line);
}

/** A .link file for the uplink's MAC that lists the uplink's own name as altname; `more` goes into [Match]. */
async function linkFile(lab: Lab, more: string): Promise<string> {
  const [link] = JSON.parse(await lab.hostIp('-j', 'link', 'show', 'eth0')) as { address: string }[];
  const names = ['eth0', 'enp0s1', 'lan'].map(name => `AlternativeName=${name}\n`);
  return `[Match]\nMACAddress=${link?.address}\n${more}[Link]\nNamePolicy=keep\n${names.join('')}`;
}

async function show(lab: Lab, link: string): Promise<{ altnames?: string[]; linkinfo?: { info_kind?: string } }> {
  const [shown] = JSON.parse(await lab.hostIp('-d', '-j', 'link', 'show', link)) as Awaited<ReturnType<typeof show>>[];
  return shown ?? {};
}

async function altnames(lab: Lab, link: string): Promise<string[]> {
  return ((await show(lab, link)).altnames ?? []).toSorted();
}

async function kindOf(lab: Lab, link: string): Promise<string> {
  return (await show(lab, link)).linkinfo?.info_kind ?? '';
}
