import type { Effect } from '../../../domain/effect.ts';
import type { Link } from '../../../domain/link.ts';
import { IFF_PROMISC, isUp, MAX_LINK_NAME_LENGTH, standsOn } from '../../../domain/link.ts';
import { RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { destroyIpv4, relabelIpv4, reviveIpv4Legs } from './ipv4-addresses.ts';
import { addAddressRoutes } from './ipv4-prefix-routes.ts';
import { flushIpv4Link, markIpv4Legs } from './ipv4-route-flush.ts';
import { markIpv6Legs } from './ipv6-route-flush.ts';
import { bringIpv6Up, readyIpv6, takeIpv6Down } from './ipv6-up-down.ts';
import type { LinkNode, Namespace } from './namespace.ts';
import { flagsOf, hasMtuForIpv6, isLoopback, runs } from './namespace.ts';
import { dropNeighbours } from './neighbours.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { rebindRules } from './rules.ts';
import { IPV6_MTU, setSysctl } from './sysctls.ts';

const NO_DEVICE = refuse('ENODEV');
const FAILED_POLICY = refuse('ERANGE', 'Attribute failed policy validation');
const MAX_ALTNAME_LENGTH = 127;

/** The changes of one RTM_NEWLINK. */
export type LinkSet = Omit<Extract<Effect, { op: 'link.set' }>, 'op' | 'link'> & { readonly name?: string };

/** do_setlink: in the kernel's order; what was changed before a refusal stays changed. */
export function setLink(ns: Namespace, index: number, change: LinkSet): Refusal | null {
  if (change.name !== undefined && change.name.length > MAX_LINK_NAME_LENGTH) return FAILED_POLICY;
  const node = ns.node(index);
  if (node === undefined) return NO_DEVICE;
  let notify = false;
  if (change.mac !== undefined) {
    const refusal = setMac(ns, node, change.mac);
    if (refusal !== null) return refusal;
  }
  if (change.mtu !== undefined) {
    const refusal = setMtu(ns, node, change.mtu);
    if (refusal !== null) return refusal;
  }
  if (change.group !== undefined) {
    ns.setLink(node, { group: change.group });
    notify = true;
  }
  if (change.name !== undefined && change.name !== '') {
    const refusal = renameNode(ns, node, change.name);
    if (refusal !== null) return refusal;
  }
  if (change.alias !== undefined) {
    ns.setLink(node, { alias: change.alias === '' ? null : change.alias });
    notify = true;
  }
  if (change.master !== undefined) {
    const refusal = enslave(ns, node, change.master);
    if (refusal !== null) return refusal;
  }
  if (change.up !== undefined && change.up !== isUp(node.link)) {
    if (change.up) bringUp(ns, node);
    else takeDown(ns, node);
  }
  const isPromiscuous = (node.link.flags & IFF_PROMISC) !== 0;
  if (change.promiscuous !== undefined && change.promiscuous !== isPromiscuous) {
    const promiscuity = Math.max(0, node.link.promiscuity + (change.promiscuous ? 1 : -1));
    ns.setLink(node, { flags: node.link.flags ^ IFF_PROMISC, promiscuity });
    ns.tellLink(node);
  }
  if (change.txQueueLength !== undefined && change.txQueueLength !== node.link.txQueueLength) {
    ns.setLink(node, { txQueueLength: change.txQueueLength });
    ns.tellLink(node);
  }
  if (notify) tellIfUp(ns, node);
  return null;
}

/** do_set_master: one rx_handler a link. A link below macvlans has one, and so has the port of a bridge, bond, team or datapath. */
export function enslave(ns: Namespace, node: LinkNode, master: number | null, slaveKind?: string): Refusal | null {
  const { link } = node;
  if (master !== null) {
    if (ns.node(master) === undefined) return refuse('EINVAL');
    const isBelow = ns.nodes.some(({ link: other }) => standsOn(other, link) && HAS_RX_HANDLER.has(other.kind ?? ''));
    // An enslaved link is released first when the same request gives it another master; a datapath does not do that.
    if (isBelow || (link.master !== null && link.master !== master)) return refuse('EBUSY');
  }
  const kind = master === null ? null : (slaveKind ?? ns.node(master)?.link.kind ?? null);
  if (link.master === master && link.slaveKind === kind) return null;
  ns.setLink(node, { master, slaveKind: kind });
  ns.tellLink(node);
  return null;
}

const HAS_RX_HANDLER = new Set(['macvlan', 'ipvlan', 'macvtap']);

/** netdev_state_change says nothing of a link that is down. */
function tellIfUp(ns: Namespace, node: LinkNode): void {
  if (!isUp(node.link)) return;
  ns.tellLink(node);
  if (!runs(node)) return;
  // NETDEV_CHANGE: whoever listens takes it for "the wire may have come back".
  markIpv4Legs(ns, node.link.index, 0, RTNH_F_LINKDOWN);
  readyIpv6(ns, node);
}

function setMac(ns: Namespace, node: LinkNode, mac: string): Refusal | null {
  if (mac.length < (node.link.mac?.length ?? 0)) return refuse('EINVAL');
  if (node.link.mac === null || node.link.kind === 'ifb') return refuse('EOPNOTSUPP');
  // Multicast, or all zero.
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) !== 0 || /^(00:)*00$/.test(mac)) return refuse('EADDRNOTAVAIL');
  ns.setLink(node, { mac: mac.toLowerCase() });
  ns.tellLink(node);
  for (const family of [4, 6] as const) dropNeighbours(ns, family, node.link.index, 'all');
  return null;
}

function setMtu(ns: Namespace, node: LinkNode, mtu: number): Refusal | null {
  const { link } = node;
  if (mtu === link.mtu) return null;
  if (mtu < (link.minMtu ?? 0)) return refuse('EINVAL', 'mtu less than device minimum');
  if (link.maxMtu !== null && mtu > link.maxMtu) return refuse('EINVAL', 'mtu greater than device maximum');
  const had = node.hasIpv6;
  ns.setLink(node, { mtu });
  ns.tellLink(node);
  if (!hasMtuForIpv6(node.link)) {
    if (had) takeIpv6Down(ns, node, true);
    node.hasIpv6 = false;
    node.sysctlsRead = undefined;
    ns.setLink(node, { ipv6AddrGenMode: null });
    return null;
  }
  if (!had) {
    node.hasIpv6 = true;
    node.sysctlsRead = undefined;
    const ipv6 = Object.entries(ns.defaults).filter(([key]) => key.startsWith('ipv6/conf'));
    node.sysctls = { ...node.sysctls, ...Object.fromEntries(ipv6) };
    ns.setLink(node, { ipv6AddrGenMode: 0 });
    if (runs(node)) readyIpv6(ns, node);
  }
  if (node.sysctls[IPV6_MTU] !== undefined) setSysctl(node, IPV6_MTU, String(mtu));
  return null;
}

/** dev_valid_name */
export function isValidName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/:\s]/.test(name);
}

function renameNode(ns: Namespace, node: LinkNode, name: string): Refusal | null {
  // IFF_LIVE_RENAME_OK came for all in 6.2.
  if (!ns.liveRename && isUp(node.link)) return refuse('EBUSY');
  if (name === node.link.name) return null;
  if (!isValidName(name)) return refuse('EINVAL');
  if (ns.nodeAnsweringTo(name) !== undefined) return refuse('EEXIST');
  ns.setLink(node, { name });
  ns.tellLink(node);
  relabelIpv4(ns, node);
  rebindRules(ns, node.link.index, name);
  return null;
}

/** Live, or down, rename, up where the kernel cannot, with the same care as LinuxHost's. */
export function renameLink(
  ns: Namespace,
  index: number,
  name: string,
  addAgain: (linkIndex: number) => () => void,
): Refusal | null {
  const refusal = setLink(ns, index, { name });
  const node = ns.node(index);
  if (refusal?.errnoName !== 'EBUSY' || node === undefined) return refusal;
  if (ns.nodes.some(other => standsOn(other.link, node.link))) return refusal;
  const again = addAgain(index);
  setLink(ns, index, { up: false });
  const second = setLink(ns, index, { name });
  again();
  setLink(ns, index, { up: true });
  return second;
}

/** NETDEV_UP */
export function bringUp(ns: Namespace, node: LinkNode): void {
  ns.setLink(node, runningFields(ns, node, true));
  ns.tellLink(node);
  for (const held of node.ipv4) addAddressRoutes(ns, node, held.address);
  reviveIpv4Legs(ns, node);
  bringIpv6Up(ns, node);
  const peer = peerOf(ns, node);
  if (peer !== undefined) setCarrier(ns, peer, true);
}

/** The other end of a veth, where it is in this namespace. */
function peerOf(ns: Namespace, { link }: LinkNode): LinkNode | undefined {
  return link.kind === 'veth' && link.lower !== null && link.lowerNetnsId === null ? ns.node(link.lower) : undefined;
}

/** What follows from being up and from the wire. Hardware and veths have no carrier while they are down. */
function runningFields(ns: Namespace, node: LinkNode, up: boolean): Partial<Link> {
  const { link, hasCarrier, hasOperState } = node;
  const isWired = link.kind === 'veth' || (link.kind === null && !isLoopback(link));
  const running = hasCarrier ? (hasOperState ? 'up' : 'unknown') : lostState(ns, link);
  return {
    carrier: isWired ? up && hasCarrier : hasCarrier,
    operState: up ? running : 'down',
    flags: flagsOf(link.flags, up, hasCarrier),
  };
}

/**
 * default_operstate: it is the lower link's fault where that one, looked up by number in this namespace, has no carrier either; before 6.2
 * wherever there is one with another number, in any namespace.
 */
function lostState(ns: Namespace, { index, lower }: Link): 'down' | 'lowerlayerdown' {
  if (lower === null || lower === index) return 'down';
  if (!ns.liveRename) return 'lowerlayerdown';
  const below = ns.node(lower);
  return below === undefined || below.link.carrier === true ? 'down' : 'lowerlayerdown';
}

/** NETDEV_DOWN: IPv4 routes go without a word, IPv6 ones and addresses with one each. */
export function takeDown(ns: Namespace, node: LinkNode): void {
  const { index } = node.link;
  ns.setLink(node, runningFields(ns, node, false));
  ns.tellLink(node);
  flushIpv4Link(ns, index, 'down');
  dropNeighbours(ns, 4, index, 'all');
  if (node.hasIpv6) takeIpv6Down(ns, node, false);
  const peer = peerOf(ns, node);
  if (peer !== undefined) setCarrier(ns, peer, false);
}

/** The wire came or went. */
export function setCarrier(ns: Namespace, node: LinkNode, hasCarrier: boolean): void {
  if (node.hasCarrier === hasCarrier) return;
  node.hasCarrier = hasCarrier;
  const { index } = node.link;
  const up = isUp(node.link);
  ns.setLink(node, runningFields(ns, node, up));
  if (!up) return;
  if (hasCarrier) {
    markIpv4Legs(ns, index, 0, RTNH_F_LINKDOWN);
    readyIpv6(ns, node);
  } else {
    markIpv4Legs(ns, index, RTNH_F_LINKDOWN, 0);
    markIpv6Legs(ns, index, RTNH_F_LINKDOWN, 0);
    for (const family of [4, 6] as const) dropNeighbours(ns, family, index, 'learned');
  }
  ns.tellLink(node);
}

/** rtnl_linkprop */
export function addAltname(ns: Namespace, index: number, altname: string): Refusal | null {
  const node = ns.node(index);
  if (node === undefined) return NO_DEVICE;
  if (altname.length > MAX_ALTNAME_LENGTH) return FAILED_POLICY;
  if (ns.nodeAnsweringTo(altname) !== undefined) return refuse('EEXIST');
  ns.setLink(node, { altnames: [...node.link.altnames, altname] });
  tellIfUp(ns, node);
  return null;
}

/** The inverse. */
export function removeAltname(ns: Namespace, index: number, altname: string): Refusal | null {
  const node = ns.node(index);
  if (node === undefined) return NO_DEVICE;
  if (altname.length > MAX_ALTNAME_LENGTH) return FAILED_POLICY;
  const owner = ns.nodeAnsweringTo(altname);
  if (owner === undefined) return refuse('ENOENT');
  if (owner !== node || node.link.name === altname) return refuse('EINVAL');
  ns.setLink(node, { altnames: node.link.altnames.filter(name => name !== altname) });
  tellIfUp(ns, node);
  return null;
}

const DELETABLE = new Set([
  'veth',
  'tun',
  'dummy',
  'bridge',
  'bond',
  'team',
  'vlan',
  'macvlan',
  'ipvlan',
  'ifb',
  'vxlan',
]);

/** rtnl_delete_link: hardware and links of the openvswitch module cannot be deleted so. */
export function deleteLink(ns: Namespace, index: number): Refusal | null {
  const node = ns.node(index);
  if (node === undefined) return NO_DEVICE;
  if (node.link.kind === null || !DELETABLE.has(node.link.kind)) return refuse('EOPNOTSUPP');
  unregister(ns, node);
  return null;
}

/** A link goes, with its other end and with what stands on it. */
export function unregister(ns: Namespace, node: LinkNode): void {
  const { link } = node;
  if (ns.node(link.index) !== node) return;
  if (isUp(link)) takeDown(ns, node);
  const dependents = ns.nodes.filter(
    other =>
      other !== node &&
      (standsOn(other.link, link) ||
        (link.kind === 'veth' && link.lower === other.link.index && link.lowerNetnsId === null)),
  );
  ns.dropNode(node);
  flushIpv4Link(ns, link.index, 'unregister');
  destroyIpv4(ns, node);
  takeIpv6Down(ns, node, true);
  for (const family of [4, 6] as const) dropNeighbours(ns, family, link.index, 'all');
  rebindRules(ns, link.index, null);
  for (const other of ns.nodes)
    if (other.link.master === link.index) ns.setLink(other, { master: null, slaveKind: null });
  ns.tell({ type: 'netlink.link.removed', link: node.link });
  for (const other of dependents) unregister(ns, other);
}
