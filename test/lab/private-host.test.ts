import { expect, it } from 'vitest';
import { createLab, type Lab } from './lab.ts';
import { describeLive } from './live.ts';
import { networkManagerNeeds, startNetworkManager } from './network-manager.ts';
import { networkdNeeds, startNetworkd } from './networkd.ts';
import { startPrivateHost } from './private-host.ts';

const HOST = { name: 'lab-test', files: '', limitMs: 20_000 };
const HANG = `echo 'SUBSYSTEM=="net", PROGRAM="/bin/sleep 60"' > /run/udev/rules.d/10-hang.rules`;
const FALSE = { what: 'false', argv: ['sh', '-c', 'echo words; false'], logFile: '/run/false.log', limitMs: 20_000 };

async function startFailing(lab: Lab): Promise<void> {
  await using own = await startPrivateHost(lab, HOST);
  await own.createDaemon({ ...FALSE, busName: 'net.example.Nobody' }).start();
}

describeLive('a private host whose start fails leaves no process behind', () => {
  it.each<[what: string, start: (lab: Lab) => Promise<unknown>, message: RegExp]>([
    ['udev hangs', lab => startPrivateHost(lab, { ...HOST, files: HANG, limitMs: 2000 }), /udevd .* 2000 ms/],
    ['its files cannot be made', lab => startPrivateHost(lab, { ...HOST, files: 'cp /nonesuch /run' }), /nonesuch/],
    ['the bus fails', lab => startPrivateHost(lab, { ...HOST, busConfiguration: 'none' }), /dbus-daemon did not start/],
    ['a daemon fails', startFailing, /false did not start .* it ended: words/],
    ['a profile of NetworkManager', lab => startNetworkManager(lab, { profiles: { 'no/folder': '' } }), /ENOENT/],
    ['a file of networkd', lab => startNetworkd(lab, { networkFiles: { '../outside': '' } }), /not covered/],
  ])('%s', async (_what, start, message) => {
    await using lab = await createLab({ name: 'ph', ovs: 'none' });
    await expect(start(lab)).rejects.toThrow(message);
    // systemd-udevd is nobody's child, and its zombie is waited for by init.
    const pids = async () => (await lab.run(lab.gatewayNs, ['ip', 'netns', 'pids', lab.hostNs])).stdout;
    await expect.poll(pids).toBe('');
  });
}, [...networkManagerNeeds(), ...networkdNeeds()]);
