import { runCommand } from './command.ts';
import type { Lab } from './lab.ts';
import { raiseLink, turnChecksumOffloadOff } from './topology.ts';

/** Addresses at the gateway's end of the links that {@link makeTwoPorts} makes. */
export const SWITCH = { gateway4: '10.29.0.1', gateway6: '2001:db8:29::1' } as const;
/** Ends at the host, and the switch's port of each. */
export const PORTS = { port0: 'swp0', port1: 'swp1' } as const;
const SWITCH_LINK = 'sw0';

/** Cables two more links of the host to a switch in the gateway's namespace, which has the addresses {@link SWITCH}. */
export async function makeTwoPorts(lab: Lab): Promise<void> {
  const cables = Object.entries(PORTS);
  await ipBatch(lab.gatewayNs, [
    `link add ${SWITCH_LINK} type bridge`,
    ...cables.map(([near, far], nth) => {
      const peer = `peer name ${near} index ${31 + nth} netns ${lab.hostNs}`;
      return `link add ${far} index ${41 + nth} type veth ${peer}`;
    }),
    ...cables.map(([, far]) => `link set ${far} master ${SWITCH_LINK} up`),
    `addr add ${SWITCH.gateway4}/24 dev ${SWITCH_LINK}`,
    `addr add ${SWITCH.gateway6}/64 dev ${SWITCH_LINK} nodad`,
    `link set ${SWITCH_LINK} up`,
  ]);
  for (const [near, far] of cables) {
    await turnChecksumOffloadOff(lab.hostNs, near);
    await turnChecksumOffloadOff(lab.gatewayNs, far);
  }
}

/** Takes them away again, with what the host built on them. */
export async function removeTwoPorts(lab: Lab): Promise<void> {
  await ipBatch(
    lab.gatewayNs,
    [...Object.values(PORTS), SWITCH_LINK].map(link => `link del ${link}`),
  );
}

/** Sets a link of the host up, with an address of each family in the switch's subnets and a route by its gateway. */
export async function addressOnSwitch(lab: Lab, link: string): Promise<void> {
  await raiseLink(lab.hostNs, link);
  await ipBatch(lab.hostNs, [
    `addr add 10.29.0.2/24 dev ${link}`,
    `addr add 2001:db8:29::2/64 dev ${link} nodad`,
    `route add 203.0.113.0/24 via ${SWITCH.gateway4}`,
    `route add 2001:db8:30::/64 via ${SWITCH.gateway6}`,
  ]);
}

/** Runs `ip -batch` in a namespace of the lab. */
export async function ipBatch(netns: string, lines: readonly string[]): Promise<void> {
  await runCommand(['ip', '-n', netns, '-batch', '-'], { input: `${lines.join('\n')}\n`, check: true });
}
