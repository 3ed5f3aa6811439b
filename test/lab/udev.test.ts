import { expect, it } from 'vitest';
import { createLab, type Lab } from './lab.ts';
import { describeLive } from './live.ts';
import { startUdev, udevNeeds } from './udev.ts';
import { watchKernel } from './watch.ts';

async function linkFile(lab: Lab): Promise<string> {
  const { address } = (JSON.parse(await lab.hostIp('-j', 'link', 'show', 'eth0')) as { address: string }[])[0]!;
  return `[Match]\nMACAddress=${address}\n[Link]\nNamePolicy=keep\nAlternativeName=eth0\nAlternativeName=enp0s1\n`;
}

describeLive(
  'systemd-udevd in a lab',
  () => {
    it('gives the altnames of a .link file, and the old name as altname after a live rename (antrea#6301)', async () => {
      await using lab = await createLab({ name: 'udev', ovs: 'none' });
      await using _udev = await startUdev(lab, { linkFiles: { '10-lab.link': await linkFile(lab) } });
      expect(await altnames(lab, 'eth0')).toEqual(['enp0s1']);
      await using watch = await watchKernel(lab.hostNs, ['link']);
      await lab.hostIp('link', 'set', 'eth0', 'name', 'eth0~');
      await watch.event(line => line.includes('eth0~') && /altname eth0\b/.test(line));
      expect((await altnames(lab, 'eth0~')).sort()).toEqual(['enp0s1', 'eth0']);
    });

    it('answers udevadm, and leaves no process in the namespace after stop()', async () => {
      await using lab = await createLab({ name: 'udev', ovs: 'none' });
      const udev = await startUdev(lab, { linkFiles: { '10-lab.link': await linkFile(lab) } });
      await udev.trigger('eth0');
      expect((await udev.udevadm('info', '--query=property', '/sys/class/net/eth0')).stdout).toContain('10-lab.link');
      await udev.stop();
      expect((await lab.run(lab.gatewayNs, ['ip', 'netns', 'pids', lab.hostNs])).stdout).toBe('');
      await expect(udev.udevadm('settle')).rejects.toMatchObject({ code: 'DEFECT' });
    });
  },
  udevNeeds(),
);

async function altnames(lab: Lab, link: string): Promise<string[]> {
  const [shown] = JSON.parse(await lab.hostIp('-j', 'link', 'show', link)) as { altnames?: string[] }[];
  return shown?.altnames ?? [];
}
