import type { Failure } from '../../../errors.ts';
import type { Namespace } from './namespace.ts';

/** Drops what arrives on a link; drops that wait for a name which no link has are taken away first (nftables.ts). */
export function muteLink(ns: Namespace, linkName: string): Failure | null {
  if (ns.nodeByName(linkName) === undefined) {
    return { code: 'LINK_GONE', what: 'cannot drop what comes in', object: linkName };
  }
  const bound = ns.muted.filter(name => ns.nodeByName(name) !== undefined);
  ns.muted = bound.includes(linkName) ? bound : [...bound, linkName];
  return null;
}

/** Idempotent; also for a link that is gone. */
export function unmuteLink(ns: Namespace, linkName: string): void {
  if (ns.muted.includes(linkName)) ns.muted = ns.muted.filter(name => name !== linkName);
}

/** Moves the drop from one link to another. Without one to move, nothing is dropped, and nothing is heard anew. */
export function handOver(ns: Namespace, from: string, to: string): Failure | null {
  if (!ns.muted.includes(from)) {
    unmuteLink(ns, to);
    const errno = { errno: 2, errnoName: 'ENOENT' };
    return { code: 'NETLINK_REFUSED', what: 'cannot change policy of chain', object: `drop-${from}`, ...errno };
  }
  ns.muted = [...ns.muted.filter(name => name !== from && name !== to), to];
  return null;
}
