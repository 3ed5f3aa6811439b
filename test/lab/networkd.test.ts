import { expect, it } from 'vitest';
import { createLab } from './lab.ts';
import { describeLive } from './live.ts';
import { networkdNeeds, startNetworkd } from './networkd.ts';

describeLive(
  'systemd-networkd in a lab',
  () => {
    it('configures the uplink, is asked by networkctl, and leaves no process in the namespace', async () => {
      await using lab = await createLab({ name: 'nd', ovs: 'none' });
      const networkd = await startNetworkd(lab, {
        networkFiles: { '10-uplink.network': '[Match]\nName=eth0\n[Network]\nAddress=10.9.0.2/24\nIPv6AcceptRA=no\n' },
      });
      await networkd.online('eth0', 'routable');
      expect(await lab.hostIp('-br', 'addr', 'show', 'eth0')).toContain('10.9.0.2/24');
      expect(await networkd.networkctl('status', 'eth0')).toContain('/etc/systemd/network/10-uplink.network');
      await networkd[Symbol.asyncDispose]();
      expect((await lab.run(lab.gatewayNs, ['ip', 'netns', 'pids', lab.hostNs])).stdout).toBe('');
    });
  },
  networkdNeeds(),
);
