import type { Address } from '../../../domain/address.ts';
import {
  IFA_F_DEPRECATED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
} from '../../../domain/address.ts';
import { isUp } from '../../../domain/link.ts';
import { RT_TABLE_LOCAL, RTN_MULTICAST, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { networkText } from './ip-bits.ts';
import { hasBadLifetimes } from './ipv4-addresses.ts';
import { beginDad } from './ipv6-dad.ts';
import {
  addPrefixRoute,
  dropIpv6Route,
  findPrefixRoute,
  kernelRoute6,
  PREFIX_ROUTE_METRIC,
} from './ipv6-kernel-routes.ts';
import { cleanUpPrefix, deleteAddress, prefixOfAddress } from './ipv6-removal.ts';
import { insertIpv6Route, setExpiry } from './ipv6-routes.ts';
import { ipv6Sysctl, isDisabled, scopeOf } from './ipv6-scope.ts';
import { hold, setLifetimes, startLifetimes } from './lifetimes.ts';
import type { HeldAddress, LinkNode, Namespace } from './namespace.ts';
import { isLoopback, runs } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** Flags that a request may set; the kernel ignores the others. */
const SETTABLE =
  IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN | IFA_F_OPTIMISTIC;

const NOT_64 = refuse('EINVAL', 'ipv6: address with "mngtmpaddr" flag must have a prefix length of 64');

/** inet6_rtm_newaddr */
export function addIpv6Address(ns: Namespace, wanted: Address, mode: 'create' | 'replace'): Refusal | null {
  if (hasBadLifetimes(wanted)) return refuse('EINVAL', 'ipv6: address lifetime invalid');
  const flags = wanted.flags & SETTABLE;
  const node = ns.node(wanted.linkIndex);
  if (node === undefined) return refuse('ENODEV', 'ipv6: Unable to find the interface');
  if (!node.hasIpv6) return refuse('EINVAL');
  const mayBeOptimistic = ipv6Sysctl(node, 'optimistic_dad') === '1' || ipv6Sysctl(node, 'use_optimistic') === '1';
  const asked = { ...wanted, flags: mayBeOptimistic ? flags : flags & ~IFA_F_OPTIMISTIC };
  const existing = node.ipv6.find(held => held.address.local === wanted.local);
  if (existing !== undefined) {
    if (mode === 'create') return refuse('EEXIST', 'ipv6: address already assigned');
    if ((flags & IFA_F_MANAGETEMPADDR) !== 0 && existing.address.prefixLength !== 64) return NOT_64;
    change(ns, node, existing, asked);
    return null;
  }
  if ((flags & IFA_F_MANAGETEMPADDR) !== 0 && wanted.prefixLength !== 64) return NOT_64;
  if (isDisabled(node)) return refuse('EACCES', 'ipv6: IPv6 is disabled on this device');
  addMulticastRoute(ns, node);
  if (wanted.local.startsWith('ff')) {
    return refuse('EADDRNOTAVAIL', 'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  }
  if (wanted.local === '::1' && !isLoopback(node.link)) {
    return refuse('EADDRNOTAVAIL', 'ipv6: Cannot assign loopback address on this device');
  }
  insertAddress(ns, node, asked);
  return null;
}

/** ff00::/8 of table local, without which nothing of IPv6 works on the link. */
export function addMulticastRoute(ns: Namespace, node: LinkNode): void {
  if (!isUp(node.link) || isLoopback(node.link)) return;
  const route = kernelRoute6(RT_TABLE_LOCAL, RTN_MULTICAST, 'ff00::/8', node.link.index, PREFIX_ROUTE_METRIC);
  const flags = runs(node) ? 0 : RTNH_F_LINKDOWN;
  insertIpv6Route(ns, { ...route, nexthops: [{ ...route.nexthops[0]!, flags }] }, 'kernel');
}

/** ipv6_add_addr and what follows it: list, prefix route, detection. `isOwn` for what the kernel makes for itself. */
export function insertAddress(ns: Namespace, node: LinkNode, wanted: Address, isOwn = false): void {
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
    peer: wanted.peer ?? was.peer,
  };
  if (was.peer !== null && wanted.peer !== null && wanted.peer !== was.peer) {
    const toOldPeer = findPrefixRoute(ns, networkText(was.peer, was.prefixLength), node.link.index);
    if (toOldPeer !== undefined) dropIpv6Route(ns, toOldPeer);
  }
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
    // 6.18 takes the lifetime for a point in time here, one that is long past: the route of an address that was for ever expires at once.
    setExpiry(ns, there, validUntilMs === null ? null : ns.clock.now());
    return;
  }
  if (there !== undefined) dropIpv6Route(ns, there);
  addPrefixRoute(ns, destination, index, address.metric, validUntilMs);
}
