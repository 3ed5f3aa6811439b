import type { Address } from '../../../domain/address.ts';
import { IFA_F_NOPREFIXROUTE, IFA_F_PERMANENT } from '../../../domain/address.ts';
import { isSameNetwork, networkText } from './ip-bits.ts';
import { dropIpv6Route, findPrefixRoute, removeHostRoute } from './ipv6-kernel-routes.ts';
import { stripSource } from './ipv6-route-flush.ts';
import { setExpiry } from './ipv6-routes.ts';
import { letGo } from './lifetimes.ts';
import type { HeldAddress, LinkNode, Namespace } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** The prefix that the kernel makes a route for. */
export function prefixOfAddress(address: Address): string {
  return networkText(address.local, address.prefixLength);
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
export function deleteAddress(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const { address } = held;
  const hadPrefixRoute = (address.flags & IFA_F_PERMANENT) !== 0 && (address.flags & IFA_F_NOPREFIXROUTE) === 0;
  unlinkAddress(ns, node, held);
  if (hadPrefixRoute) cleanUpPrefix(ns, node, held);
  stripSource(ns, address.local, node.link.index);
}

/** Takes an address off its link and tells so; its prefix route is left. */
export function unlinkAddress(ns: Namespace, node: LinkNode, held: HeldAddress): void {
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
export function cleanUpPrefix(ns: Namespace, node: LinkNode, held: HeldAddress): void {
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
