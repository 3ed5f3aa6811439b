import {
  type Address,
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
  plainAddress,
} from '../../../domain/address.ts';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { networkText } from './ip-bits.ts';
import { addMulticastRoute, insertAddress } from './ipv6-addresses.ts';
import { beginDad } from './ipv6-dad.ts';
import { addPrefixRoute } from './ipv6-kernel-routes.ts';
import { deleteAddress, prefixOfAddress, unlinkAddress } from './ipv6-removal.ts';
import { flushIpv6Link, markIpv6Legs } from './ipv6-route-flush.ts';
import { ipv6Sysctl, isDisabled, RT_SCOPE_LINK, scopeOf } from './ipv6-scope.ts';
import { setLifetimes, startLifetimes } from './lifetimes.ts';
import type { LinkNode, Namespace } from './namespace.ts';
import { isLoopback, runs } from './namespace.ts';
import { dropNeighbours } from './neighbours.ts';

const IFAPROT_KERNEL_LO = 1;

const IFAPROT_KERNEL_LL = 3;

/** addrconf_ifdown: routes and addresses go, but for static ones where the sysctl says to keep them. */
export function takeIpv6Down(ns: Namespace, node: LinkNode, unregister: boolean): void {
  const { index } = node.link;
  flushIpv6Link(ns, index, unregister && ns.node(index) === undefined ? 'unregister' : 'down');
  dropNeighbours(ns, 6, index, 'all');
  node.isReady = false;
  const keeps = !unregister && !isDisabled(node) && Number(ipv6Sysctl(node, 'keep_addr_on_down') ?? '0') > 0;
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
      held.isKept = true;
      ns.addressesChanged();
      continue;
    }
    unlinkAddress(ns, node, held);
  }
}

/** NETDEV_UP of addrconf: static addresses get their routes again, and IPv6 begins to speak where the wire is there. */
export function bringIpv6Up(ns: Namespace, node: LinkNode): void {
  if (!node.hasIpv6 || isDisabled(node) || isBondPort(node)) return;
  for (const held of [...node.ipv6]) {
    if ((held.address.flags & IFA_F_PERMANENT) === 0) continue;
    if ((held.address.flags & IFA_F_NOPREFIXROUTE) === 0) {
      addPrefixRoute(ns, prefixOfAddress(held.address), node.link.index, held.address.metric, null);
    }
    if (held.isKept) {
      held.isKept = false;
      beginDad(ns, node, held);
    }
  }
  if (runs(node)) readyIpv6(ns, node);
}

/** The link is up and has carrier: link-local address, multicast route, and the detection that waited. */
export function readyIpv6(ns: Namespace, node: LinkNode): void {
  if (!node.hasIpv6 || isDisabled(node) || isBondPort(node)) return;
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
    insertAddress(ns, node, loopbackAddress(node), true);
  }
  for (const held of [...node.ipv6]) {
    if ((held.address.flags & IFA_F_TENTATIVE) !== 0 && (held.address.flags & IFA_F_DADFAILED) === 0) {
      beginDad(ns, node, held);
    }
  }
  markIpv6Legs(ns, node.link.index, 0, RTNH_F_DEAD | RTNH_F_LINKDOWN);
}

/** IFF_NO_ADDRCONF, before 6.2 IFF_SLAVE: addrconf leaves the ports of a bond alone. */
function isBondPort({ link }: LinkNode): boolean {
  return link.slaveKind === 'bond';
}

const IN6_ADDR_GEN_MODE_EUI64 = 0;

function addLinkLocal(ns: Namespace, node: LinkNode): void {
  const { mac, index, ipv6AddrGenMode } = node.link;
  if (mac === null || ipv6AddrGenMode !== IN6_ADDR_GEN_MODE_EUI64) return;
  const local = linkLocalOf(mac);
  if (node.ipv6.some(held => held.address.local === local)) return;
  insertAddress(ns, node, { ...bareAddress(index, local, 64), protocol: IFAPROT_KERNEL_LL }, true);
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
  return { ...plainAddress(linkIndex, local, prefixLength), scope: scopeOf(local) };
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
