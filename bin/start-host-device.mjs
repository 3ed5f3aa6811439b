// Started by bin/ovs-uplink-host-device.
import { load } from './load.mjs';

try {
  await load('cni/main');
} catch (error) {
  // Half a package: the runtime wants to hear of it in the one form that it reads.
  const [msg, details] = ['the plugin cannot be loaded; install the package again', String(error)];
  process.stdout.write(`${JSON.stringify({ cniVersion: '1.1.0', code: 107, msg, details })}\n`);
  process.exitCode = 1;
}
