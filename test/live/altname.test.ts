import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { MUTATION_VARIABLE } from '../../src/verify/mutation/install-mutation.ts';
import type { Mutation } from '../../src/verify/mutation/mutation.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { type LabUdev, udevNeeds } from '../lab/udev.ts';
import { watchKernel } from '../lab/watch.ts';
import { altnamesOf, isReturned, seenBy, showLink, startNaming } from './altnames/udev-host.ts';
import { INCIDENTS_VARIABLE, type Incident } from './failing/act.ts';
import { cliArguments } from './failing/run-acting.ts';
import { createDice, type Dice } from './guarding/dice.ts';
import { type CliResult, runCli, spawnCli } from './support/cli.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

/** `npm run soak:altnames` asks for more rounds, with fresh delays. */
const ROUNDS = Number(process.env['OVS_UPLINK_ALTNAME_RUNS'] ?? 2);
const SEED = process.env['OVS_UPLINK_ALTNAME_SEED'] === 'fresh' ? Date.now() % 2 ** 31 : 27_506;
const ROUND_LIMIT_MS = 30_000;
/** As long as udev's workers are at most held up. */
const MAX_DELAY_MS = 500;

const FOR_THE_UPLINK = 'MACAddress=<mac>\nKind=!openvswitch\nDriver=!tun\n';
const LIST = 'NamePolicy=keep\nAlternativeName=eth0\nAlternativeName=enp0s1\nAlternativeName=lan\n';

describeLive(
  'altnames that systemd-udevd gives',
  () => {
    it.each([
      {
        // As cloud-init and installers write them: the host port has the same MAC (F-14), and udev one of its own for it (F-16).
        what: 'a list, for its MAC, so the host port, too',
        match: 'MACAddress=<mac>\n',
        link: `MACAddressPolicy=persistent\n${LIST}`,
        altnames: ['enp0s1', 'lan'],
      },
      {
        // Names and altnames by one and the same policy: what udev gives back after the rename is exactly the old name, and nothing else.
        what: 'the policy that makes its name',
        match: FOR_THE_UPLINK,
        link: 'NamePolicy=path\nAlternativeNamesPolicy=path\nMACAddressPolicy=persistent\n',
        altnames: [],
      },
    ])(
      `${ROUNDS} times, udev's workers up to ${MAX_DELAY_MS} ms late: migrate and restore succeed, and the altnames are as they were ($what)`,
      { timeout: ROUNDS * ROUND_LIMIT_MS + ROUND_LIMIT_MS },
      async ({ match, link, altnames }) => {
        await using lab = await createLab({ name: 'alt' });
        await configurePlainHost(lab);
        const dice = createDice(SEED);
        const delaysMs = Array.from({ length: 97 }, () => rollDelay(dice));
        await using udev = await startNaming(lab, { match, link, delaysMs });
        const host = seenBy(lab, udev);
        const { address } = await showLink(lab, 'eth0');
        const storyOf = (round: number, { stdout, stderr }: CliResult) =>
          `seed ${SEED}, round ${round}: ${stdout}${stderr}`;
        expect(await altnamesOf(lab, 'eth0')).toEqual(altnames);
        const before = await captureTimed(lab);
        await using watch = await watchKernel(lab.hostNs, ['link']);

        // A race between udev and us by nature: every round must end well, whoever was faster.
        for (let round = 1; round <= ROUNDS; round += 1) {
          const run = spawnCli(host, ['migrate', '-i', 'eth0', '-b', 'br-ext']);
          if (round === 1) {
            // Once, ovs-vswitchd is slow to make the host port: udev is the first for certain.
            await run.state('preparing.standing.renamingUplink');
            lab.pauseVswitchd();
            await Promise.race([watch.event(isReturned), run.state('cuttingOver')]);
            lab.resumeVswitchd();
          }
          const migrated = await run.ended;
          expect(migrated.code, storyOf(round, migrated)).toBe(0);
          expect(migrated.outcome).toMatchObject({ result: 'committed', failure: null });
          // In every other round the way back begins while udev is still at work.
          if (round % 2 === 1) {
            await udev.udevadm('settle');
            const uplink = await altnamesOf(lab, 'eth0~');
            expect(uplink).not.toContain('eth0');
            expect(uplink).toEqual(expect.arrayContaining(altnames));
            expect(await showLink(lab, 'eth0')).toMatchObject({
              address,
              linkinfo: { info_kind: expect.stringMatching(/tun|openvswitch/) },
            });
            const status = await runCli(host, ['status']);
            expect(status.objects, storyOf(round, status)).toMatchObject([
              { status: { state: 'committed', drift: [] } },
            ]);
          }

          const restored = await runCli(host, ['restore', '-i', 'eth0']);
          expect(restored.code, storyOf(round, restored)).toBe(0);
          await udev.udevadm('settle');
          expect(diffTimed(before, await captureTimed(lab)), storyOf(round, restored)).toEqual([]);
          expect(await altnamesOf(lab, 'eth0')).toEqual(altnames);
        }
        // Otherwise this test has shown nothing: udev did act on the rename.
        expect(watch.lines.filter(isReturned)).not.toEqual([]);
      },
    );

    it('the same fails, and the host is put back, where the altname guard does not remove what it sees', async () => {
      await using lab = await createLab({ name: 'alt' });
      await configurePlainHost(lab);
      await using udev = await startNaming(lab, { match: FOR_THE_UPLINK, link: LIST });
      const before = await captureTimed(lab);
      const unguarded: Mutation = {
        kind: 'edit',
        what: 'nobody looks for the altname',
        file: 'src/engine/altname.ts',
        find: 'hasConflict: ({ context }) => context.name !== null &&',
        replace: 'hasConflict: ({ context }) => context.name === null &&',
      };
      const failed = await migrateBehindUdev(lab, udev, unguarded);
      expect(failed.code, failed.stdout + failed.stderr).toBe(4);
      expect(failed.stdout).toMatch(/could not .*eth0.*\((Invalid argument|File exists)\)/);
      await udev.udevadm('settle');
      expect(diffTimed(before, await captureTimed(lab))).toEqual([]);

      const guarded = await migrateBehindUdev(lab, udev, null);
      expect(guarded.code, guarded.stdout + guarded.stderr).toBe(0);
    });
  },
  udevNeeds(),
);

const ACTING_CLI = fileURLToPath(new URL('./failing/acting-cli.ts', import.meta.url));
const PRELOAD = new URL('../../src/verify/mutation/preload.ts', import.meta.url).href;

/** `migrate` while ovs-vswitchd stands still from the rename on, until udev has given the old name back; with a line of ours undone. */
async function migrateBehindUdev(lab: Lab, { within }: LabUdev, mutation: Mutation | null) {
  const pid = lab.vswitchdPid() ?? 0;
  const incidents: Incident[] = [
    { state: 'preparing.standing.renamingUplink', acts: [{ kind: 'signal', pid, signal: 'SIGSTOP' }] },
  ];
  await using watch = await watchKernel(lab.hostNs, ['link']);
  const [, ...args] = cliArguments(lab, [
    'migrate',
    '-i',
    'eth0',
    '-b',
    'br-ext',
    ...(mutation === null ? [] : ['--step-timeout', '2s']),
  ]);
  const ended = lab.run(
    lab.hostNs,
    [...within, process.execPath, '--no-warnings', '--import', PRELOAD, ACTING_CLI, ...args],
    {
      env: {
        [INCIDENTS_VARIABLE]: JSON.stringify(incidents),
        ...(mutation === null ? {} : { [MUTATION_VARIABLE]: JSON.stringify(mutation) }),
      },
    },
  );
  await Promise.race([watch.event(isReturned), ended]);
  lab.resumeVswitchd();
  return await ended;
}

/** Half of the events are handled at once: two that come one after the other overtake us in every way. */
function rollDelay(dice: Dice): number {
  return dice.next() < 0.5 ? 0 : Math.floor(dice.next() * MAX_DELAY_MS);
}
