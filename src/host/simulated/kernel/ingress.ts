import type { Failure } from '../../../errors.ts';
import type { Namespace } from './namespace.ts';

/** A chain of ours on the ingress of a link, bound by name; it drops, or lets pass after a hand-over that failed half way. */
export interface IngressChain {
  readonly name: string;
  readonly drops: boolean;
}

/** Drops what arrives on a link; chains that wait for a name which no link has are taken away first (nftables.ts). */
export function muteLink(ns: Namespace, linkName: string): Failure | null {
  if (ns.nodeByName(linkName) === undefined) {
    return { code: 'LINK_GONE', what: 'cannot drop what comes in', object: linkName };
  }
  const bound = ns.chains.filter(chain => ns.nodeByName(chain.name) !== undefined);
  const isMuted = bound.some(chain => chain.name === linkName && chain.drops);
  ns.setChains(isMuted ? bound : [...without(bound, linkName), { name: linkName, drops: true }]);
  return null;
}

/** Idempotent; also for a link that is gone. */
export function unmuteLink(ns: Namespace, linkName: string): void {
  ns.setChains(without(ns.chains, linkName));
}

/** Moves the drop from one link to another. */
export function handOver(ns: Namespace, from: string, to: string): Failure | null {
  const rest = without(ns.chains, to);
  if (!ns.chains.some(chain => chain.name === from)) {
    return {
      code: 'NETLINK_REFUSED',
      what: 'there is no drop to hand over',
      object: from,
      errno: 2,
      errnoName: 'ENOENT',
      advice: 'somebody flushed nf_tables; see `nft list ruleset`',
    };
  }
  ns.setChains([...without(rest, from), { name: to, drops: true }]);
  return null;
}

function without(chains: readonly IngressChain[], name: string): readonly IngressChain[] {
  return chains.filter(chain => chain.name !== name);
}
