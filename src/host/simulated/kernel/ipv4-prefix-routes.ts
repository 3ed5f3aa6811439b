import type { Address } from '../../../domain/address.ts';
import { IFA_F_NOPREFIXROUTE, IFA_F_SECONDARY } from '../../../domain/address.ts';
import { isUp } from '../../../domain/link.ts';
import { RTN_BROADCAST, RTN_LOCAL, RTN_UNICAST } from '../../../domain/route.ts';
import { bitsOf, fillHost, isSameNetwork } from './ip-bits.ts';
import { addKernelRoute, removeKernelRoute } from './ipv4-kernel-routes.ts';
import { addressType } from './ipv4-lookup.ts';
import { flushIpv4Source } from './ipv4-route-flush.ts';
import type { LinkNode, Namespace } from './namespace.ts';
import { isLoopback } from './namespace.ts';

const LIMITED_BROADCAST = '255.255.255.255';

/** What IFA_ADDRESS holds: the other end, or the address itself. */
export function prefixAddress(address: Address): string {
  return address.peer ?? address.local;
}

/** True when both have the same mask and network. */
export function isSameSubnet(a: Address, b: Address): boolean {
  return a.prefixLength === b.prefixLength && isSameNetwork(prefixAddress(a), prefixAddress(b), a.prefixLength);
}

/** True for an address that its primary takes along. */
export function isSecondary(address: Address): boolean {
  return (address.flags & IFA_F_SECONDARY) !== 0;
}

function networkAddress(address: Address): string {
  return fillHost(bitsOf(prefixAddress(address)), address.prefixLength, '0');
}

function broadcastAddress(address: Address): string {
  return fillHost(bitsOf(prefixAddress(address)), address.prefixLength, '1');
}

const isZeronet = (address: string): boolean => address.startsWith('0.');

/** inet_ifa_byprefix */
function primaryOf(node: LinkNode, address: Address): Address | undefined {
  return node.ipv4.find(held => !isSecondary(held.address) && isSameSubnet(held.address, address))?.address;
}

/** True where the kernel makes a prefix route for the address. */
function hasPrefix(address: Address): boolean {
  const network = networkAddress(address);
  return !isZeronet(network) && (network !== address.local || address.prefixLength < 32);
}

function prefixType(node: LinkNode): number {
  return isLoopback(node.link) ? RTN_LOCAL : RTN_UNICAST;
}

/** fib_add_ifaddr: the routes that come with an address. */
export function addAddressRoutes(ns: Namespace, node: LinkNode, address: Address): void {
  const { index } = node.link;
  const primary = isSecondary(address) ? primaryOf(node, address) : address;
  if (primary === undefined) return;
  const add = (type: number, destination: string, metric = 0): void =>
    addKernelRoute(ns, type, destination, index, primary.local, metric);
  add(RTN_LOCAL, `${address.local}/32`);
  if (!isUp(node.link)) return;
  if (address.broadcast !== null && address.broadcast !== LIMITED_BROADCAST)
    add(RTN_BROADCAST, `${address.broadcast}/32`);
  if (isSecondary(address) || !hasPrefix(address)) return;
  if ((address.flags & IFA_F_NOPREFIXROUTE) === 0) {
    add(prefixType(node), `${networkAddress(address)}/${address.prefixLength}`, address.metric ?? 0);
  }
  if (address.prefixLength < 31) add(RTN_BROADCAST, `${broadcastAddress(address)}/32`);
}

/** fib_modify_prefix_metric */
export function changePrefixMetric(ns: Namespace, node: LinkNode, address: Address, metric: number): void {
  const skipped = (address.flags & (IFA_F_SECONDARY | IFA_F_NOPREFIXROUTE)) !== 0;
  if (!isUp(node.link) || skipped || !hasPrefix(address)) return;
  const destination = `${networkAddress(address)}/${address.prefixLength}`;
  addKernelRoute(ns, prefixType(node), destination, node.link.index, address.local, metric);
  removeKernelRoute(ns, prefixType(node), destination, node.link.index, address.local, address.metric ?? 0);
}

/**
 * fib_del_ifaddr: takes the routes of an address away, but for those that another address of the link still needs. `promoting` is the
 * primary that goes while its secondaries stay.
 */
export function removeAddressRoutes(ns: Namespace, node: LinkNode, address: Address, promoting?: Address): void {
  const { index } = node.link;
  let primary = address;
  let hasSubnet = false;
  if (isSecondary(address)) {
    const found = primaryOf(node, address);
    if (found === undefined || (promoting !== undefined && promoting !== found)) return;
    primary = found;
  } else if (hasPrefix(address)) {
    if ((address.flags & IFA_F_NOPREFIXROUTE) === 0) {
      const destination = `${networkAddress(address)}/${address.prefixLength}`;
      removeKernelRoute(ns, prefixType(node), destination, index, primary.local);
    }
    hasSubnet = true;
  }
  const needed = stillNeeded(node, address, primary, promoting);
  const remove = (type: number, destination: string): void =>
    removeKernelRoute(ns, type, `${destination}/32`, index, primary.local);
  const { broadcast } = address;
  if (broadcast !== null && !needed.broadcasts.has(broadcast)) remove(RTN_BROADCAST, broadcast);
  if (hasSubnet && address.prefixLength < 31) {
    const last = broadcastAddress(address);
    const first = networkAddress(address);
    if (!needed.broadcasts.has(last)) remove(RTN_BROADCAST, last);
    if (!needed.broadcasts.has(first)) remove(RTN_BROADCAST, first);
  }
  if (needed.local) return;
  remove(RTN_LOCAL, address.local);
  if (needed.gone && addressType(ns, address.local) !== RTN_LOCAL) flushIpv4Source(ns, address.local);
}

interface Needed {
  readonly gone: boolean;
  readonly local: boolean;
  readonly broadcasts: ReadonlySet<string>;
}

function stillNeeded(node: LinkNode, address: Address, primary: Address, promoting: Address | undefined): Needed {
  let gone = true;
  let local = false;
  let hasSameSource = false;
  let other: Address | undefined;
  const broadcasts = new Set<string>();
  for (const { address: one } of node.ipv4) {
    if (one === address) {
      gone = false;
      continue;
    }
    if (promoting !== undefined && isSameSubnet(one, promoting)) continue;
    if (isSecondary(one)) {
      if (isSameSubnet(one, primary)) other = primary;
      else {
        if (!hasSameSource) continue;
        if (other === undefined || !isSameSubnet(one, other)) other = primaryOf(node, one);
        if (other === undefined || other.local !== primary.local) continue;
      }
    } else {
      if (primary.local !== one.local) continue;
      other = one;
      if (primary !== other) hasSameSource = true;
    }
    if (one.local === address.local) local = true;
    if (one.broadcast !== null) broadcasts.add(one.broadcast);
    if (other === one && one.prefixLength < 31 && !isZeronet(networkAddress(one))) {
      broadcasts.add(broadcastAddress(one));
      broadcasts.add(networkAddress(one));
    }
  }
  return { gone, local, broadcasts };
}
