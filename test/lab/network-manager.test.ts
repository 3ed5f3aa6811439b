import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createLab } from './lab.ts';
import { describeLive } from './live.ts';
import { networkManagerNeeds, startNetworkManager } from './network-manager.ts';
import { STATIC_PROFILE } from './network-manager-profile.ts';

describeLive(
  'NetworkManager in a lab',
  () => {
    it('brings up a profile on the uplink, over restarts too, and leaves nothing behind', async () => {
      await using lab = await createLab({ name: 'nm', ovs: 'none' });
      const manager = await startNetworkManager(lab, { profiles: { 'uplink.nmconnection': STATIC_PROFILE } });
      const devices = () => manager.nmcli('--terse', '--fields', 'DEVICE,STATE,CONNECTION', 'device');
      expect(await devices()).toContain('eth0:connected:uplink');
      expect(await lab.hostIp('route')).toContain('default via 10.9.0.1 dev eth0');
      await manager.stop();
      await expect(manager.nmcli('device')).rejects.toMatchObject({ code: 'DEFECT' });
      expect(await lab.hostIp('route')).toContain('default via 10.9.0.1 dev eth0');
      await manager.start();
      expect(await devices()).toContain('eth0:connected:uplink');
      expect(await manager.log()).toContain('Activation: successful');
      await manager[Symbol.asyncDispose]();
      // systemd-udevd is nobody's child, and its zombie is waited for by init.
      const pids = async () => (await lab.run(lab.gatewayNs, ['ip', 'netns', 'pids', lab.hostNs])).stdout;
      await expect.poll(pids).toBe('');
      expect(existsSync(manager.root)).toBe(false);
    });
  },
  networkManagerNeeds(),
);
