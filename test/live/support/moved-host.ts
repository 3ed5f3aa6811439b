import type { HostImage, Json, JsonObject } from '../../lab/host-image.ts';
import { diffTimed, type TimedImage } from './unchanged.ts';

/** Names after a migration, as the table of layouts in the README gives them. */
export interface MovedNames {
  /** The uplink's name before. */
  readonly uplink: string;
  /** The uplink's name afterwards. */
  readonly uplinkAfter: string;
  /** The link that carries the addresses afterwards. */
  readonly hostPort: string;
}

/**
 * Compares a committed host with the one before the migration: everything that was on the uplink must be on the host port, in order
 * and with every attribute, what was elsewhere must be untouched, and the uplink must keep nothing but what the kernel gives every
 * link. One line a difference.
 */
export function diffMoved(before: TimedImage, during: TimedImage, names: MovedNames): string[] {
  const { uplink, uplinkAfter, hostPort } = names;
  const carries = (link: string) => (item: JsonObject) => nameOf(item) === link;
  const others = (image: HostImage) =>
    image.links.map(nameOf).filter(name => ![uplink, uplinkAfter, hostPort].includes(name));
  // Links that Open vSwitch makes (ovs-netdev, the bridge of a host port) are no business of the host's addressing.
  const bystanders = new Set(others(before));
  const onUplink = (image: HostImage, of: (image: HostImage) => readonly JsonObject[], link: string) =>
    of(image).filter(carries(link));

  const expected: TimedImage = {
    ...before,
    links: onUplink(before, i => i.links, uplink).map(link => pick(rename(link, uplink, hostPort), LINK_FIELDS)),
    addresses: [
      ...onUplink(before, i => i.addresses, uplink).map(link => addressesOf(link, uplink, hostPort)),
      ...before.addresses.filter(item => bystanders.has(nameOf(item))),
    ],
    routes4: before.routes4.map(route => rename(route, uplink, hostPort)),
    routes6: before.routes6.map(route => rename(route, uplink, hostPort)),
    rules4: inOrder([...before.rules4, ...addedRules(before.rules4, uplink, hostPort)]),
    rules6: inOrder([...before.rules6, ...addedRules(before.rules6, uplink, hostPort)]),
    neighbours4: before.neighbours4.map(neighbour => rename(neighbour, uplink, hostPort)),
    neighbours6: before.neighbours6.map(neighbour => rename(neighbour, uplink, hostPort)),
    qdiscs: [],
    nftables: [],
    ovsRows: [],
    sysctls: pickSysctls(before),
  };
  const isOwn = (route: JsonObject) => uplinkAfter !== hostPort && nameOf(route) === uplinkAfter && isKernelOwn(route);
  const isLeftBehind = (item: JsonObject) => uplinkAfter !== hostPort && nameOf(item) === uplinkAfter;
  const actual: TimedImage = {
    ...during,
    links: onUplink(during, i => i.links, hostPort).map(link => pick(link, LINK_FIELDS)),
    addresses: [
      ...onUplink(during, i => i.addresses, hostPort).map(link => addressesOf(link, hostPort, hostPort)),
      ...during.addresses.filter(item => bystanders.has(nameOf(item))),
    ],
    routes4: during.routes4,
    rules4: inOrder(during.rules4),
    rules6: inOrder(during.rules6),
    routes6: during.routes6.filter(route => !isOwn(route)),
    // The uplink's own entries may stay: without an address nothing is ever sent from there.
    neighbours4: during.neighbours4.filter(item => !isLeftBehind(item)),
    neighbours6: during.neighbours6.filter(item => !isLeftBehind(item)),
    qdiscs: [],
    nftables: [],
    ovsRows: [],
    sysctls: pickSysctls(during),
  };
  const left = during.addresses
    .filter(carries(uplinkAfter))
    .flatMap(link => link.addr_info as readonly JsonObject[])
    .filter(address => address.scope !== 'link');
  return [...diffTimed(expected, actual), ...left.map(address => `left on ${uplinkAfter}: ${JSON.stringify(address)}`)];
}

const LINK_FIELDS = ['ifname', 'mtu', 'address', 'addr_info'];
// What configureRichHost changes, and what decides whether an address is used at all.
const SYSCTLS = [
  'ipv4/conf/<link>/promote_secondaries',
  'ipv4/conf/<link>/rp_filter',
  'ipv4/conf/<link>/arp_ignore',
  'ipv4/conf/<link>/arp_announce',
  'ipv4/conf/<link>/forwarding',
  'ipv6/conf/<link>/accept_ra',
  'ipv6/conf/<link>/disable_ipv6',
  'ipv6/conf/<link>/forwarding',
  'ipv6/conf/<link>/accept_dad',
];

function pickSysctls({ sysctls }: HostImage): Record<string, string> {
  return Object.fromEntries(SYSCTLS.map(key => [key, sysctls[key] ?? 'absent']));
}

function nameOf(item: JsonObject): string {
  return String(item.ifname ?? item.dev ?? '');
}

function pick(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => fields.includes(key)));
}

function addressesOf(link: JsonObject, from: string, to: string): JsonObject {
  const list = (link.addr_info ?? []) as readonly JsonObject[];
  return { ifname: to, addr_info: list.map(address => rename(address, from, to)) };
}

/** The same object with another link's name, also in the legs of a multipath route, in rules and in labels (`eth0:web`). */
function rename(object: JsonObject, from: string, to: string): JsonObject {
  const renamed = (value: Json): Json => {
    if (value === from) return to;
    if (typeof value === 'string' && value.startsWith(`${from}:`)) return to + value.slice(from.length);
    if (Array.isArray(value)) return value.map(renamed);
    if (typeof value === 'object' && value !== null) return rename(value as JsonObject, from, to);
    return value;
  };
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, renamed(value)]));
}

/** Rules that name the uplink get a twin for a host port of another name; their own traffic comes in there now. */
function addedRules(rules: readonly JsonObject[], uplink: string, hostPort: string): JsonObject[] {
  if (uplink === hostPort) return [];
  return rules.filter(rule => rule.iif === uplink || rule.oif === uplink).map(rule => rename(rule, uplink, hostPort));
}

/** Rules by priority, then by what they say: among equal priorities of disjoint links the order says nothing. */
function inOrder(rules: readonly JsonObject[]): JsonObject[] {
  const key = (rule: JsonObject) => JSON.stringify(Object.entries(rule).sort());
  return rules.toSorted((a, b) => Number(a.priority) - Number(b.priority) || (key(a) < key(b) ? -1 : 1));
}

/** Routes that the kernel makes for the link-local address of any link that is up. */
function isKernelOwn(route: JsonObject): boolean {
  const destination = String(route.dst);
  return destination.startsWith('fe80:') || destination === 'ff00::/8' || destination === 'multicast ff00::/8';
}
