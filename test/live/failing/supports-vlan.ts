import { spawnSync } from 'node:child_process';
import { labEnvironment } from '../../lab/command.ts';

/** True when this kernel can make VLAN links; tried in a network namespace that ends with the try. */
export function supportsVlan(): boolean {
  const script = 'ip link add v0 type veth peer name v1 && ip link add link v0 name v0.7 type vlan id 7';
  return spawnSync('unshare', ['--net', 'sh', '-c', script], { env: labEnvironment(), stdio: 'ignore' }).status === 0;
}
