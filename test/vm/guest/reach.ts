import type { Lab } from '../../lab/lab.ts';
import { BUSYBOX } from '../needs.ts';

/** Those of the addresses that do not answer a ping from a namespace. */
export async function silentAddresses(lab: Lab, netns: string, addresses: readonly string[]): Promise<string[]> {
  const answers = addresses.map(async address => {
    const argv = [BUSYBOX, address.includes(':') ? 'ping6' : 'ping', '-q', '-c', '3', '-A', '-W', '20', address];
    const { stdout } = await lab.run(netns, argv);
    return /\b[1-3] packets received/.test(stdout) ? [] : [address];
  });
  return (await Promise.all(answers)).flat();
}
