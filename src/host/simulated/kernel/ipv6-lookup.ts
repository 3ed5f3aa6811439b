import { IFA_F_OPTIMISTIC, IFA_F_TENTATIVE, isLinkLocal } from '../../../domain/address.ts';
import type { Nexthop, Route } from '../../../domain/route.ts';
import { RTNH_F_DEAD } from '../../../domain/route.ts';
import { bitsOf, prefixOf } from './ip-bits.ts';
import type { Namespace } from './namespace.ts';
import type { TableAnswer } from './rule-lookup.ts';
import { lookUpByRules } from './rule-lookup.ts';

/** A route and the leg that fits; `leg` is null for those that drop packets. */
export interface Hit6 {
  readonly route: Route;
  readonly leg: Nexthop | null;
}

const RTN_BLACKHOLE = 6;

/** True for routes that drop packets. */
export function isReject(route: Pick<Route, 'type'>): boolean {
  return route.type >= RTN_BLACKHOLE && route.type <= 9;
}

/** fib6_table_lookup, bound to a link where one is named: longest prefix, then smallest metric. */
export function lookUpInTable6(
  ns: Namespace,
  table: number,
  destination: string,
  oif: number | null,
): Hit6 | undefined {
  const bits = bitsOf(destination);
  let best: Hit6 | undefined;
  let bestLength = -1;
  let bestMetric = 0;
  for (const route of ns.ipv6Routes) {
    if (route.table !== table || ns.hasExpired(route)) continue;
    const prefix = prefixOf(route.destination);
    const metric = route.priority ?? 0;
    const isBetter = prefix.length > bestLength || (prefix.length === bestLength && metric < bestMetric);
    if (!isBetter || !bits.startsWith(prefix.network)) continue;
    const leg = route.nexthops.find(hop => (hop.flags & RTNH_F_DEAD) === 0 && (oif === null || hop.linkIndex === oif));
    // Reject routes are on `lo`.
    if (leg === undefined && !(isReject(route) && (oif === null || oif === 1))) continue;
    best = { route, leg: leg ?? null };
    bestLength = prefix.length;
    bestMetric = metric;
  }
  return best;
}

/** The way to an address by the policy rules. */
export function lookUp6(ns: Namespace, destination: string, oif: number | null): Hit6 | undefined {
  const answer = lookUpByRules(ns, 6, { destination, oif }, (table): TableAnswer<Hit6> => {
    const found = lookUpInTable6(ns, table, destination, oif);
    if (found === undefined || found.route.type === 9) return 'next';
    return { found };
  });
  return typeof answer === 'object' ? answer.found : undefined;
}

/** ipv6_chk_addr_and_flags: is the address ours? Link-local ones count on their own link only. */
export function isOwnAddress(ns: Namespace, address: string, linkIndex: number | null, tentativeToo: boolean): boolean {
  for (const { link, ipv6 } of ns.nodes) {
    for (const held of ipv6) {
      const { local, flags } = held.address;
      if (local !== address) continue;
      if (linkIndex !== null && linkIndex !== link.index && isLinkLocal(held.address)) continue;
      if (tentativeToo || (flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) !== IFA_F_TENTATIVE) return true;
    }
  }
  return false;
}
