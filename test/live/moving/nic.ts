import type { Lab } from '../../lab/lab.ts';
import { raiseLink } from '../../lab/topology.ts';
import { ipBatch } from '../../lab/two-ports.ts';
import { captureTimed, diffTimed } from '../support/unchanged.ts';
import { clearingIn } from './spoil.ts';

/** Name of the link that {@link makeNic} makes. */
export const NIC = 'eth5';
/** What it is called here and there, and besides. */
export const NAMES = { own: NIC, there: 'net1', altname: 'enp5s0' };
const CAPTURE = { linkName: NIC };

/** A link of the host that can be moved. */
export interface Nic extends AsyncDisposable {
  /** How the host differs from what it was when this was made. */
  changes(): Promise<readonly string[]>;
}

/** A NIC with a bit of everything, whose wire ends in the gateway's namespace; everything of the case goes with it. */
export async function makeNic(lab: Lab, more: readonly string[] = []): Promise<Nic> {
  await ipBatch(lab.gatewayNs, [`link add gw5 type veth peer name ${NIC} netns ${lab.hostNs}`, 'link set gw5 up']);
  await ipBatch(lab.hostNs, [
    `link set ${NIC} mtu 1400 txqueuelen 777 alias kept`,
    `link property add dev ${NIC} altname enp5s0`,
  ]);
  await raiseLink(lab.hostNs, NIC);
  await ipBatch(lab.hostNs, [
    `addr add 10.55.0.1/24 dev ${NIC}`,
    `addr add 10.55.0.2/24 dev ${NIC} label ${NIC}:x`,
    `addr add fd55::1/64 dev ${NIC} nodad`,
    'route add 203.0.113.0/24 via 10.55.0.9',
    'route add fd56::/64 via fd55::9',
    `neigh add 10.55.0.9 lladdr 02:00:00:00:55:09 dev ${NIC}`,
    ...more,
  ]);
  const file = `/proc/sys/net/ipv4/conf/${NIC}/arp_ignore`;
  await lab.run(lab.hostNs, ['sh', '-c', `echo 1 > ${file}`], { check: true });
  const before = await captureTimed(lab, CAPTURE);
  return {
    changes: async () => diffTimed(before, await captureTimed(lab, CAPTURE)),
    async [Symbol.asyncDispose]() {
      await lab.run(lab.hostNs, ['sh', '-c', 'rm -f "$0"/*.move', lab.stateDir]);
      await lab.run(lab.gatewayNs, ['ip', 'link', 'del', 'gw5']);
      for (const command of clearingIn(lab.farNs, NAMES)) await lab.run(lab.farNs, command);
      await lab.run(lab.farNs, ['ip', 'link', 'del', 'other']);
    },
  };
}

/** What `ip` says of a link. */
export async function linkIn(lab: Lab, netns: string, name: string): Promise<unknown> {
  const { stdout } = await lab.run(netns, ['ip', '-j', 'link', 'show', name], { check: true });
  return (JSON.parse(stdout) as unknown[])[0];
}
