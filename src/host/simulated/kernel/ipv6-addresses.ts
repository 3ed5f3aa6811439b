import type { Address } from '../../../domain/address.ts';
import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
  isLinkLocal,
} from '../../../domain/address.ts';
import { isUp } from '../../../domain/link.ts';
import { RT_TABLE_LOCAL, RTN_MULTICAST, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { isSameNetwork, networkText } from './ip-bits.ts';
import { hasBadLifetimes } from './ipv4-addresses.ts';
import {
  addHostRoute,
  addPrefixRoute,
  dropIpv6Route,
  findPrefixRoute,
  flushIpv6Link,
  insertIpv6Route,
  kernelRoute6,
  markIpv6Legs,
  PREFIX_ROUTE_METRIC,
  removeHostRoute,
  setExpiry,
  stripSource,
} from './ipv6-routes.ts';
import { hold, letGo, setLifetimes, startLifetimes } from './lifetimes.ts';
import type { HeldAddress, LinkNode, Namespace } from './namespace.ts';
import { isLoopback, runs } from './namespace.ts';
import { dropNeighbours } from './neighbours.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** Flags that a request may set; the kernel ignores the others. */
const SETTABLE =
  IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN | IFA_F_OPTIMISTIC;
const RT_SCOPE_SITE = 200;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_HOST = 254;
const IFAPROT_KERNEL_LO = 1;
const IFAPROT_KERNEL_LL = 3;
/** The kernel waits up to this long, at random, before it begins duplicate address detection; here always half of it. */
const DAD_DELAY_MS = 500;

const sysctl = (node: LinkNode, name: string): string | undefined => node.sysctls[`ipv6/conf/{link}/${name}`];
const isDisabled = (node: LinkNode): boolean => sysctl(node, 'disable_ipv6') === '1';

function scopeOf(address: string): number {
  if (isLinkLocal({ family: 6, local: address })) return RT_SCOPE_LINK;
  if (address === '::1') return RT_SCOPE_HOST;
  return /^fe[cdef]/i.test(address) ? RT_SCOPE_SITE : 0;
}

/** inet6_rtm_newaddr */
export function addIpv6Address(ns: Namespace, wanted: Address, mode: 'create' | 'replace'): Refusal | null {
  if (hasBadLifetimes(wanted)) return refuse('EINVAL', 'ipv6: address lifetime invalid');
  const flags = wanted.flags & SETTABLE;
  if ((flags & IFA_F_MANAGETEMPADDR) !== 0 && wanted.prefixLength !== 64) {
    return refuse('EINVAL', 'ipv6: address with "mngtmpaddr" flag must have a prefix length of 64');
  }
  const node = ns.node(wanted.linkIndex);
  if (node === undefined) return refuse('ENODEV', 'ipv6: Unable to find the interface');
  if (!node.hasIpv6) return refuse('EINVAL');
  const mayBeOptimistic = sysctl(node, 'optimistic_dad') === '1' || sysctl(node, 'use_optimistic') === '1';
  const asked = { ...wanted, flags: mayBeOptimistic ? flags : flags & ~IFA_F_OPTIMISTIC };
  const existing = node.ipv6.find(held => held.address.local === wanted.local);
  if (existing !== undefined) {
    if (mode === 'create') return refuse('EEXIST', 'ipv6: address already assigned');
    change(ns, node, existing, asked);
    return null;
  }
  if (isDisabled(node)) return refuse('EACCES', 'ipv6: IPv6 is disabled on this device');
  addMulticastRoute(ns, node);
  if (wanted.local.startsWith('ff')) {
    return refuse('EADDRNOTAVAIL', 'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  }
  if (wanted.local === '::1' && !isLoopback(node.link)) {
    return refuse('EADDRNOTAVAIL', 'ipv6: Cannot assign loopback address on this device');
  }
  insert(ns, node, asked);
  return null;
}

/** ff00::/8 of table local, without which nothing of IPv6 works on the link. */
function addMulticastRoute(ns: Namespace, node: LinkNode): void {
  if (!isUp(node.link) || isLoopback(node.link)) return;
  const route = kernelRoute6(RT_TABLE_LOCAL, RTN_MULTICAST, 'ff00::/8', node.link.index, PREFIX_ROUTE_METRIC);
  const flags = runs(node) ? 0 : RTNH_F_LINKDOWN;
  insertIpv6Route(ns, { ...route, nexthops: [{ ...route.nexthops[0]!, flags }] }, 'kernel');
}

function insert(ns: Namespace, node: LinkNode, wanted: Address, isOwn = false): void {
  const { index } = node.link;
  const needsDad = (wanted.flags & IFA_F_NODAD) === 0;
  const held = hold({
    ...wanted,
    linkIndex: index,
    broadcast: null,
    label: null,
    scope: scopeOf(wanted.local),
    metric: wanted.metric === 0 ? null : wanted.metric,
    protocol: wanted.protocol === 0 ? null : wanted.protocol,
    flags: wanted.flags | (needsDad ? IFA_F_TENTATIVE : 0),
  });
  setLifetimes(ns, held, wanted);
  const rank = rankOf(held.address);
  const at = node.ipv6.findIndex(other => rank >= rankOf(other.address));
  if (at < 0) node.ipv6.push(held);
  else node.ipv6.splice(at, 0, held);
  ns.addressesChanged();
  startLifetimes(ns, held, () => deleteAddress(ns, node, held));
  if ((wanted.flags & IFA_F_NOPREFIXROUTE) === 0) {
    addPrefixRoute(ns, prefixOfAddress(held.address), index, held.address.metric, held.validUntilMs);
  }
  // What the kernel makes for itself is told when it is in use.
  if (needsDad && !isOwn) ns.tellAddress(held);
  beginDad(ns, node, held);
}

/** ipv6_addr_src_scope: addresses are listed from the widest to the narrowest, the newest first among equals. */
function rankOf({ scope }: Address): number {
  return -scope;
}

function prefixOfAddress(address: Address): string {
  return networkText(address.local, address.prefixLength);
}

/** addrconf_dad_begin: detection where it is wanted and possible, else the address is in use at once. */
function beginDad(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const { address } = held;
  const isWanted =
    (address.flags & IFA_F_TENTATIVE) !== 0 &&
    (address.flags & IFA_F_NODAD) === 0 &&
    !isLoopback(node.link) &&
    Number(sysctl(node, 'accept_dad') ?? '1') >= 1;
  if (!isWanted) {
    completeDad(ns, node, held);
    return;
  }
  // Waits for the link to be ready; see readyIpv6.
  if (!node.isReady) return;
  const transmits = Number(sysctl(node, 'dad_transmits') ?? '1');
  const retransMs = Number(node.sysctls['ipv6/neigh/{link}/retrans_time_ms'] ?? '1000');
  ns.clock.clearTimeout(held.dadTimer);
  held.dadTimer = ns.clock.setTimeout(
    () => {
      if (!held.isDead) completeDad(ns, node, held);
    },
    DAD_DELAY_MS + transmits * retransMs,
  );
}

function completeDad(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  held.address = {
    ...held.address,
    flags: held.address.flags & ~(IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED),
  };
  ns.addressesChanged();
  ns.tellAddress(held);
  addHostRoute(ns, held.address.local, node.link.index);
  if (held.address.peer !== null)
    addPrefixRoute(ns, `${held.address.peer}/128`, node.link.index, held.address.metric, null);
}

/** Somebody else on the wire has the address: it stays tentative for good. */
export function failDad(ns: Namespace, node: LinkNode, local: string): void {
  const held = node.ipv6.find(one => one.address.local === local);
  if (held === undefined || (held.address.flags & IFA_F_TENTATIVE) === 0) return;
  ns.clock.clearTimeout(held.dadTimer);
  if ((held.address.flags & IFA_F_PERMANENT) === 0) {
    deleteAddress(ns, node, held);
    return;
  }
  held.address = { ...held.address, flags: held.address.flags | IFA_F_DADFAILED };
  ns.addressesChanged();
  ns.tellAddress(held);
}

/** inet6_addr_modify */
function change(ns: Namespace, node: LinkNode, held: HeldAddress, wanted: Address): void {
  const was = held.address;
  const hadPrefixRoute = (was.flags & IFA_F_PERMANENT) !== 0 && (was.flags & IFA_F_NOPREFIXROUTE) === 0;
  const kept =
    was.flags &
    ~(
      IFA_F_DEPRECATED |
      IFA_F_PERMANENT |
      IFA_F_NODAD |
      IFA_F_HOMEADDRESS |
      IFA_F_MANAGETEMPADDR |
      IFA_F_NOPREFIXROUTE
    );
  held.address = {
    ...was,
    flags: kept | (wanted.flags & SETTABLE & ~IFA_F_OPTIMISTIC),
    metric: (wanted.metric ?? 0) === 0 ? was.metric : wanted.metric,
    protocol: wanted.protocol === 0 ? null : wanted.protocol,
  };
  setLifetimes(ns, held, wanted);
  startLifetimes(ns, held, () => deleteAddress(ns, node, held));
  if ((held.address.flags & IFA_F_TENTATIVE) === 0) ns.tellAddress(held);
  if ((wanted.flags & IFA_F_NOPREFIXROUTE) !== 0) {
    if (hadPrefixRoute) cleanUpPrefix(ns, node, held);
    return;
  }
  for (const end of [held.address.local, held.address.peer]) {
    if (end !== null) settlePrefixRoute(ns, node, held, networkText(end, held.address.prefixLength), hadPrefixRoute);
  }
}

/** modify_prefix_route: its metric and lifetime follow the address; one that is missing is made. */
function settlePrefixRoute(
  ns: Namespace,
  node: LinkNode,
  { address, validUntilMs }: HeldAddress,
  destination: string,
  had: boolean,
): void {
  const { index } = node.link;
  const there = had ? findPrefixRoute(ns, destination, index) : undefined;
  if (there !== undefined && there.priority === (address.metric ?? PREFIX_ROUTE_METRIC)) {
    setExpiry(ns, there, validUntilMs);
    return;
  }
  if (there !== undefined) dropIpv6Route(ns, there);
  addPrefixRoute(ns, destination, index, address.metric, validUntilMs);
}

/** inet6_addr_del */
export function removeIpv6Address(ns: Namespace, wanted: Address): Refusal | null {
  const node = ns.node(wanted.linkIndex);
  if (node === undefined) return refuse('ENODEV', 'ipv6: Unable to find the interface');
  if (!node.hasIpv6) return refuse('ENXIO', 'ipv6: IPv6 is disabled on this device');
  const found = node.ipv6.find(
    ({ address }) => address.local === wanted.local && address.prefixLength === wanted.prefixLength,
  );
  if (found === undefined) return refuse('EADDRNOTAVAIL', 'ipv6: address not found');
  deleteAddress(ns, node, found);
  return null;
}

/** ipv6_del_addr */
function deleteAddress(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const { address } = held;
  const hadPrefixRoute = (address.flags & IFA_F_PERMANENT) !== 0 && (address.flags & IFA_F_NOPREFIXROUTE) === 0;
  unlink(ns, node, held);
  if (hadPrefixRoute) cleanUpPrefix(ns, node, held);
  stripSource(ns, address.local);
}

function unlink(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const { address } = held;
  letGo(ns, held);
  node.ipv6 = node.ipv6.filter(one => one !== held);
  ns.addressesChanged();
  ns.tell({ type: 'netlink.address.removed', address });
  if (address.peer !== null) {
    const toPeer = findPrefixRoute(ns, `${address.peer}/128`, node.link.index);
    if (toPeer !== undefined) dropIpv6Route(ns, toPeer);
  }
  removeHostRoute(ns, address.local, node.link.index);
}

/** check_cleanup_prefix_route: the prefix route stays while another permanent address needs it, or as long as a limited one. */
function cleanUpPrefix(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const { address } = held;
  let untilMs: number | null = null;
  for (const other of node.ipv6) {
    if (other === held || other.address.prefixLength !== address.prefixLength) continue;
    if (!isSameNetwork(other.address.local, address.local, address.prefixLength)) continue;
    if ((other.address.flags & (IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE)) !== 0) return;
    untilMs = Math.max(untilMs ?? 0, other.validUntilMs ?? 0);
  }
  const route = findPrefixRoute(ns, prefixOfAddress(address), node.link.index);
  if (route === undefined) return;
  if (untilMs === null) dropIpv6Route(ns, route);
  else if (!ns.routeExpiry.has(route)) setExpiry(ns, route, untilMs);
}

/** addrconf_ifdown: routes and addresses go, but for static ones where the sysctl says to keep them. */
export function takeIpv6Down(ns: Namespace, node: LinkNode, unregister: boolean): void {
  const { index } = node.link;
  flushIpv6Link(ns, index, unregister && ns.node(index) === undefined ? 'unregister' : 'down');
  dropNeighbours(ns, 6, index, 'all');
  node.isReady = false;
  const keeps = !unregister && Number(sysctl(node, 'keep_addr_on_down') ?? '0') > 0;
  for (const held of [...node.ipv6]) {
    const { address } = held;
    ns.clock.clearTimeout(held.dadTimer);
    if (
      keeps &&
      (address.flags & IFA_F_PERMANENT) !== 0 &&
      address.scope !== RT_SCOPE_LINK &&
      address.local !== '::1'
    ) {
      if ((address.flags & IFA_F_NODAD) === 0) held.address = { ...address, flags: address.flags | IFA_F_TENTATIVE };
      ns.addressesChanged();
      continue;
    }
    unlink(ns, node, held);
  }
}

/** NETDEV_UP of addrconf: static addresses get their routes again, and IPv6 begins to speak where the wire is there. */
export function bringIpv6Up(ns: Namespace, node: LinkNode): void {
  if (!node.hasIpv6 || isDisabled(node)) return;
  for (const held of node.ipv6) {
    if ((held.address.flags & IFA_F_PERMANENT) === 0) continue;
    if ((held.address.flags & IFA_F_NOPREFIXROUTE) === 0) {
      addPrefixRoute(ns, prefixOfAddress(held.address), node.link.index, held.address.metric, null);
    }
    if ((held.address.flags & IFA_F_TENTATIVE) === 0) addHostRoute(ns, held.address.local, node.link.index);
  }
  if (runs(node)) readyIpv6(ns, node);
}

/** The link is up and has carrier: link-local address, multicast route, and the detection that waited. */
export function readyIpv6(ns: Namespace, node: LinkNode): void {
  if (!node.hasIpv6 || isDisabled(node)) return;
  const wasReady = node.isReady;
  node.isReady = true;
  if (wasReady) {
    markIpv6Legs(ns, node.link.index, 0, RTNH_F_LINKDOWN);
    return;
  }
  if (!isLoopback(node.link)) {
    addMulticastRoute(ns, node);
    addLinkLocal(ns, node);
  } else if (!node.ipv6.some(held => held.address.local === '::1')) {
    insert(ns, node, loopbackAddress(node), true);
  }
  for (const held of [...node.ipv6]) {
    if ((held.address.flags & IFA_F_TENTATIVE) !== 0 && (held.address.flags & IFA_F_DADFAILED) === 0) {
      beginDad(ns, node, held);
    }
  }
  markIpv6Legs(ns, node.link.index, 0, RTNH_F_DEAD | RTNH_F_LINKDOWN);
}

const IN6_ADDR_GEN_MODE_EUI64 = 0;

function addLinkLocal(ns: Namespace, node: LinkNode): void {
  const { mac, index, ipv6AddrGenMode } = node.link;
  if (mac === null || ipv6AddrGenMode !== IN6_ADDR_GEN_MODE_EUI64) return;
  const local = linkLocalOf(mac);
  if (node.ipv6.some(held => held.address.local === local)) return;
  insert(ns, node, { ...bareAddress(index, local, 64), protocol: IFAPROT_KERNEL_LL }, true);
}

/** fe80:: with the modified EUI-64 of a MAC. */
export function linkLocalOf(mac: string): string {
  const bytes = mac.split(':').map(byte => Number.parseInt(byte, 16));
  const id = [bytes[0]! ^ 2, bytes[1]!, bytes[2]!, 0xff, 0xfe, bytes[3]!, bytes[4]!, bytes[5]!];
  const groups = [0, 2, 4, 6].map(i => ((id[i]! << 8) | id[i + 1]!).toString(16));
  return networkText(`fe80::${groups.join(':')}`, 128).replace('/128', '');
}

function loopbackAddress(node: LinkNode): Address {
  return { ...bareAddress(node.link.index, '::1', 128), protocol: IFAPROT_KERNEL_LO };
}

function bareAddress(linkIndex: number, local: string, prefixLength: number): Address {
  return {
    family: 6,
    linkIndex,
    local,
    peer: null,
    prefixLength,
    broadcast: null,
    label: null,
    scope: scopeOf(local),
    flags: 0,
    metric: null,
    protocol: null,
    validLifetimeS: null,
    preferredLifetimeS: null,
  };
}

/** Lets lifetimes and duplicate address detection of a loaded dump go on. */
export function resumeIpv6(ns: Namespace, node: LinkNode): void {
  for (const held of node.ipv6) {
    if (held.address.validLifetimeS !== null) {
      setLifetimes(ns, held, held.address);
      startLifetimes(ns, held, () => deleteAddress(ns, node, held));
    }
    const { flags } = held.address;
    if ((flags & IFA_F_TENTATIVE) !== 0 && (flags & IFA_F_DADFAILED) === 0 && node.isReady) beginDad(ns, node, held);
  }
}
