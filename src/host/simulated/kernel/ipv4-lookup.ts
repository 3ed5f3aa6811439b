import type { Nexthop, Route } from '../../../domain/route.ts';
import { RT_TABLE_LOCAL, RT_TABLE_MAIN, RTNH_F_DEAD } from '../../../domain/route.ts';
import { bitsOf, prefixOf } from './ip-bits.ts';
import type { Namespace } from './namespace.ts';
import type { RejectErrno, TableAnswer } from './rule-lookup.ts';
import { lookUpByRules } from './rule-lookup.ts';

/** Routes that drop packets, and what they answer; `next` for throw. */
const REJECTS: Readonly<Record<number, RejectErrno | 'next'>> = {
  6: 'EINVAL',
  7: 'EHOSTUNREACH',
  8: 'EACCES',
  9: 'next',
};

/** A route and the leg that fits. */
export interface Hit {
  readonly route: Route;
  readonly leg: Nexthop;
}

/** fib_table_lookup: the longest prefix whose route has a leg that is alive; `scope` is the narrowest that will do. */
function lookUpInTable(
  ns: Namespace,
  table: number,
  destination: string,
  scope: number,
  oif: number | null,
): TableAnswer<Hit> {
  const bits = bitsOf(destination);
  let best: Hit | undefined;
  let bestLength = -1;
  let refused: RejectErrno | 'next' = 'next';
  for (const route of ns.ipv4Routes) {
    if (route.table !== table || route.tos !== 0 || route.scope < scope) continue;
    const prefix = prefixOf(route.destination);
    if (prefix.length <= bestLength || !bits.startsWith(prefix.network)) continue;
    const reject = REJECTS[route.type];
    if (reject !== undefined) {
      bestLength = prefix.length;
      best = undefined;
      refused = reject;
      continue;
    }
    const leg = route.nexthops.find(hop => (hop.flags & RTNH_F_DEAD) === 0 && (oif === null || hop.linkIndex === oif));
    if (leg === undefined) continue;
    bestLength = prefix.length;
    best = { route, leg };
  }
  return best === undefined ? refused : { found: best };
}

/** Where a gateway is reached: in the given table first, else by the rules. */
export function lookUpGateway(
  ns: Namespace,
  table: number,
  gateway: string,
  scope: number,
  oif: number | null,
): { readonly found: Hit } | RejectErrno {
  if (table !== RT_TABLE_MAIN) {
    const answer = lookUpInTable(ns, table, gateway, scope, oif);
    if (typeof answer === 'object') return answer;
  }
  return lookUpByRules(ns, 4, { destination: gateway, oif }, one => lookUpInTable(ns, one, gateway, scope, oif));
}

const RTN_UNICAST = 1;
const RTN_BROADCAST = 3;
const RTN_MULTICAST = 5;

/** inet_addr_type_table: what a table says of an address: 2 for one of ours. */
export function addressType(ns: Namespace, address: string, table = RT_TABLE_LOCAL): number {
  const bits = bitsOf(address);
  if (bits.startsWith('0'.repeat(8)) || bits === '1'.repeat(32)) return RTN_BROADCAST;
  if (bits.startsWith('1110')) return RTN_MULTICAST;
  const answer = lookUpInTable(ns, table, address, 0, null);
  return typeof answer === 'object' ? answer.found.route.type : RTN_UNICAST;
}
