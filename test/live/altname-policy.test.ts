import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { type LabUdev, udevNeeds } from '../lab/udev.ts';
import { watchKernel } from '../lab/watch.ts';
import { altnamesOf, isReturned, seenBy, startNaming } from './altnames/udev-host.ts';
import { runCli } from './support/cli.ts';

const PROCESS = fileURLToPath(new URL('./altnames/policy-process.ts', import.meta.url));

interface Written {
  readonly path: string;
  readonly isReloaded: boolean;
}

describeLive(
  'the link policy, with a real systemd-udevd',
  () => {
    it('migrate --write-link-policy: the old name never comes back, and restore leaves no file of ours', async () => {
      await using lab = await createLab({ name: 'pol' });
      await configurePlainHost(lab);
      // For its MAC, as installers write it: the host port is spared, too.
      await using udev = await startNaming(lab, {
        match: 'MACAddress=<mac>\n',
        link: 'NamePolicy=keep\nAlternativeName=eth0\nAlternativeName=enp0s1\n',
      });
      const host = seenBy(lab, udev);
      const filesOfUdev = async () =>
        (await lab.run(lab.hostNs, [...udev.within, 'find', '/etc/systemd/network', '-type', 'f'], { check: true }))
          .stdout;
      await using watch = await watchKernel(lab.hostNs, ['link']);

      const migrated = await runCli(host, ['migrate', '-i', 'eth0', '-b', 'br-ext', '--write-link-policy']);
      expect(migrated.code, migrated.stdout + migrated.stderr).toBe(0);
      await udev.udevadm('settle');
      expect(await filesOfUdev()).toBe('/etc/systemd/network/10-lab.link.d/50-ovs-uplink.conf\n');
      expect(watch.lines.filter(isReturned)).toEqual([]);
      expect(await altnamesOf(lab, 'eth0~')).toEqual(['enp0s1']);
      expect((await udev.udevadm('info', '--query=property', '/sys/class/net/eth0')).stdout).not.toContain(
        '10-lab.link',
      );

      const restored = await runCli(host, ['restore', '-i', 'eth0']);
      expect(restored.code, restored.stdout + restored.stderr).toBe(0);
      await udev.udevadm('settle');
      expect(await filesOfUdev()).toBe('');
      expect(await altnamesOf(lab, 'eth0')).toEqual(['enp0s1']);
      // udev has read that, too.
      await lab.hostIp('link', 'set', 'eth0', 'name', 'eth0~');
      await udev.udevadm('settle');
      expect(await altnamesOf(lab, 'eth0~')).toEqual(['enp0s1', 'eth0']);
    });

    it('is a file of its own before one for all links, in force at once, and no longer once it is removed', async () => {
      await using lab = await createLab({ name: 'pol', ovs: 'none' });
      await using udev = await startNaming(lab, {
        file: '90-all.link',
        match: 'OriginalName=*\n',
        link: 'NamePolicy=path\nAlternativeNamesPolicy=path\nAlternativeName=lan\n',
      });
      const rename = async (from: string, to: string) => {
        await lab.hostIp('link', 'set', from, 'name', to);
        await udev.udevadm('settle');
      };

      const written = await runProcess(lab, udev, 'write');
      expect(written).toMatchObject({ path: '/etc/systemd/network/89-ovs-uplink-eth0.link', isReloaded: true });
      await rename('eth0', 'eth0~');
      expect(await altnamesOf(lab, 'eth0~')).toEqual(['lan']);
      expect((await udev.udevadm('info', '--query=property', '/sys/class/net/eth0~')).stdout).toContain(written.path);

      await runProcess(lab, udev, 'remove', written.path);
      await rename('eth0~', 'eth0');
      await rename('eth0', 'eth0~');
      expect(await altnamesOf(lab, 'eth0~')).toEqual(['eth0', 'lan']);
    });
  },
  udevNeeds(),
);

async function runProcess(lab: Lab, udev: LabUdev, ...args: readonly string[]): Promise<Written> {
  const argv = [...udev.within, process.execPath, '--no-warnings', PROCESS, ...args];
  return JSON.parse((await lab.run(lab.hostNs, argv, { check: true })).stdout) as Written;
}
