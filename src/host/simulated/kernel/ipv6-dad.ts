import {
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
} from '../../../domain/address.ts';
import { addHostRoute, addPrefixRoute } from './ipv6-kernel-routes.ts';
import { deleteAddress } from './ipv6-removal.ts';
import { ipv6Sysctl } from './ipv6-scope.ts';
import type { HeldAddress, LinkNode, Namespace } from './namespace.ts';
import { isLoopback } from './namespace.ts';

/** The kernel waits up to this long, at random, before it begins duplicate address detection; here always half of it. */
const DAD_DELAY_MS = 500;

/** addrconf_dad_begin: detection where it is wanted and possible, else the address is in use at once. */
export function beginDad(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const { address } = held;
  const isWanted =
    (address.flags & IFA_F_TENTATIVE) !== 0 &&
    (address.flags & IFA_F_NODAD) === 0 &&
    !isLoopback(node.link) &&
    Number(ipv6Sysctl(node, 'accept_dad') ?? '1') >= 1;
  if (!isWanted) {
    completeDad(ns, node, held);
    return;
  }
  // Waits for the link to be ready; see readyIpv6.
  if (!node.isReady) return;
  const transmits = Number(ipv6Sysctl(node, 'dad_transmits') ?? '1');
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
