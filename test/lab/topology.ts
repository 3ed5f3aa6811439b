import { runCommand } from './command.ts';
import { watchKernel } from './watch.ts';

/** The namespaces of a lab and the name of the host's uplink. */
export interface Topology {
  readonly hostNs: string;
  readonly gatewayNs: string;
  readonly farNs: string;
  readonly uplinkName: string;
  readonly mtu?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Addresses that every lab has; the host's own come from `configurePlainHost` or `configureRichHost`. */
export const LAB_ADDRESSES = {
  gateway4: '10.9.0.1',
  gateway6: '2001:db8:9::1',
  /** The host behind the gateway. */
  far4: '198.51.100.2',
  far6: '2001:db8:99::2',
} as const;

/**
 * Joins the namespaces: `host <uplink> --- gw0 gateway gw1 --- far0 far`. The gateway routes; the uplink is up, has its
 * link-local address and nothing else.
 */
export async function buildTopology(topology: Topology): Promise<void> {
  const { hostNs, gatewayNs, farNs, uplinkName, signal } = topology;
  const mtu = topology.mtu === undefined ? '' : ` mtu ${topology.mtu}`;
  const batch = (netns: string, lines: readonly string[]) =>
    runCommand(['ip', '-n', netns, '-batch', '-'], { input: `${lines.join('\n')}\n`, check: true, signal });

  // The ends get different indexes on purpose: the kernel reports the carrier of a link whose index equals its peer's
  // with up to a second's delay (linkwatch_urgent_event in net/core/link_watch.c).
  await batch(gatewayNs, [
    `link add gw0 index 20${mtu} type veth peer name ${uplinkName} index 10${mtu} netns ${hostNs}`,
    `link add gw1 index 21 type veth peer name far0 index 30 netns ${farNs}`,
  ]);
  await Promise.all([
    ...[
      [hostNs, uplinkName],
      [gatewayNs, 'gw0'],
    ].map(([netns, link]) => turnChecksumOffloadOff(netns!, link!, signal)),
    writeSysctls(gatewayNs, { ...forwarding, ...withoutDad('gw0'), ...withoutDad('gw1') }, signal),
    writeSysctls(farNs, withoutDad('far0'), signal),
  ]);
  await batch(gatewayNs, [
    'link set lo up',
    'addr add 10.9.0.1/24 dev gw0',
    'addr add 2001:db8:9::1/64 dev gw0 nodad',
    'addr add 198.51.100.1/24 dev gw1',
    'addr add 2001:db8:99::1/64 dev gw1 nodad',
    'link set gw0 up',
    'link set gw1 up',
  ]);
  await batch(farNs, [
    'link set lo up',
    'addr add 198.51.100.2/24 dev far0',
    'addr add 2001:db8:99::2/64 dev far0 nodad',
    'link set far0 up',
    'route add default via 198.51.100.1',
    'route add ::/0 via 2001:db8:99::1',
  ]);
  await raiseLink(hostNs, uplinkName, signal);
}

/**
 * Sets `lo` and a link up and resolves when the link has its link-local address for good: afterwards nothing changes by
 * itself any more. Duplicate address detection is left out for this address only, and is on again afterwards.
 */
export async function raiseLink(netns: string, link: string, signal?: AbortSignal): Promise<void> {
  await using watch = await watchKernel(netns, ['link', 'address']);
  await writeSysctls(netns, withoutDad(link), signal);
  const input = `link set lo up\nlink set ${link} up\n`;
  await runCommand(['ip', '-n', netns, '-batch', '-'], { input, check: true, signal });
  const settled = (line: string) =>
    line.includes(` ${link} `) && line.includes(' fe80::') && !line.includes('tentative');
  await watch.event(settled, signal === undefined ? {} : { signal });
  await writeSysctls(netns, { [`net/ipv6/conf/${link}/accept_dad`]: '1' }, signal);
}

/**
 * A veth hands over packets with unfinished checksums, a wire never does; userspace Open vSwitch would pass them on
 * broken.
 */
export async function turnChecksumOffloadOff(netns: string, link: string, signal?: AbortSignal): Promise<void> {
  await runCommand(['ethtool', '-K', link, 'tx', 'off'], { netns, check: true, signal });
}

/** Writes sysctls of a namespace; keys are paths under `/proc/sys` (link names may hold dots). */
export async function writeSysctls(
  netns: string,
  values: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const script = 'while read -r key value; do printf "%s\\n" "$value" > "/proc/sys/$key" || exit 1; done';
  const input = Object.entries(values).map(([key, value]) => `${key} ${value}\n`);
  await runCommand(['sh', '-c', script], { netns, input: input.join(''), check: true, signal });
}

const forwarding = { 'net/ipv4/ip_forward': '1', 'net/ipv6/conf/all/forwarding': '1' };

function withoutDad(link: string): Record<string, string> {
  return { [`net/ipv6/conf/${link}/accept_dad`]: '0' };
}
