import type { Nexthop, Route } from '../../../domain/route.ts';
import { RT_SCOPE_HOST, RT_SCOPE_LINK, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { prefixOf } from './ip-bits.ts';
import { checkLeg, isValidSource, NO_LEG } from './ipv4-legs.ts';
import type { Namespace } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** How a route meets one with the same key. */
export type RouteMode = 'create' | 'append' | 'prepend' | 'replace';

const RT_SCOPE_NOWHERE = 255;

/** fib_props: the widest scope of each type; undefined for types that drop packets. */
const WIDEST_SCOPE: Readonly<Record<number, number>> = {
  0: RT_SCOPE_NOWHERE,
  2: RT_SCOPE_HOST,
  3: RT_SCOPE_LINK,
  4: RT_SCOPE_LINK,
};

const RTN_BLACKHOLE = 6;

const RTN_THROW = 9;

const LAST_TYPE = 11;

/** fib_table_insert. */
export function addIpv4Route(ns: Namespace, wanted: Route, mode: RouteMode): Refusal | null {
  const prefix = prefixOf(wanted.destination);
  if (prefix.hasHostBits) return refuse('EINVAL', 'Invalid prefix for given prefix length');
  const made = makeRoute(ns, wanted);
  if ('errno' in made) return made;
  const routes = ns.ipv4Routes;
  const at = routes.findIndex(route => isSameKey(route, made));
  if (at < 0) {
    const before = routes.findIndex(route => compareRoutes(route, made) > 0);
    ns.setIpv4Routes(before < 0 ? [...routes, made] : routes.toSpliced(before, 0, made));
    return null;
  }
  if (mode === 'create') return refuse('EEXIST');
  let end = at;
  let match = -1;
  for (; end < routes.length && isSameKey(routes[end]!, made); end += 1) {
    if (match < 0 && isSameInfo(routes[end]!, made)) match = end;
  }
  if (mode === 'replace') {
    if (match === at) return null;
    if (match > at) return refuse('EEXIST');
    ns.setIpv4Routes(routes.with(at, made));
    return null;
  }
  if (match >= 0) return refuse('EEXIST');
  ns.setIpv4Routes(routes.toSpliced(mode === 'prepend' ? at : end, 0, made));
  return null;
}

/** fib_create_info: the route as it will be listed, or why it cannot be. */
function makeRoute(ns: Namespace, wanted: Route): Route | Refusal {
  if (wanted.type > LAST_TYPE) return refuse('EINVAL', 'Invalid route type');
  if ((WIDEST_SCOPE[wanted.type] ?? 0) > wanted.scope) return refuse('EINVAL', 'Invalid scope');
  const base = { ...wanted, source: null, preference: null, expiresS: null, flags: 0 };
  const priority = wanted.priority === 0 ? null : wanted.priority;
  if (wanted.type >= RTN_BLACKHOLE && wanted.type <= RTN_THROW) {
    if (wanted.nexthops.length > 0) {
      return refuse('EINVAL', 'Gateway, device and multipath can not be specified for this route type');
    }
    return { ...base, priority };
  }
  if (wanted.type === 0 || wanted.type > RTN_THROW) return refuse('EINVAL', 'Invalid route type');
  if (wanted.scope > RT_SCOPE_HOST) return refuse('EINVAL', 'Invalid scope');
  const nexthops: Nexthop[] = [];
  if (wanted.scope === RT_SCOPE_HOST) {
    const [leg, ...more] = wanted.nexthops;
    if (more.length > 0) return refuse('EINVAL', 'Route with host scope can not have multiple nexthops');
    if (leg !== undefined && leg.gateway !== null) {
      return refuse('EINVAL', 'Route with host scope can not have a gateway');
    }
    if (leg === undefined || leg.linkIndex === null || ns.node(leg.linkIndex) === undefined) return refuse('ENODEV');
    nexthops.push({ ...leg, flags: 0 });
  } else {
    const legs = wanted.nexthops.length === 0 ? [NO_LEG] : wanted.nexthops;
    for (const leg of legs) {
      const checked = checkLeg(ns, leg, wanted);
      if ('errno' in checked) return checked;
      nexthops.push(checked);
    }
  }
  if (wanted.prefSrc !== null && !isValidSource(ns, wanted, wanted.prefSrc)) {
    return refuse('EINVAL', 'Invalid prefsrc address');
  }
  return { ...base, priority, nexthops };
}

/** fib_table_delete: the first of the key that looks like what was asked for. */
export function removeIpv4Route(ns: Namespace, wanted: Route): Refusal | null {
  const found = ns.ipv4Routes.find(route => isMeant(route, wanted));
  if (found === undefined) return refuse('ESRCH');
  ns.setIpv4Routes(ns.ipv4Routes.filter(route => route !== found));
  return null;
}

function isMeant(route: Route, wanted: Route): boolean {
  if (route.table !== wanted.table || route.destination !== wanted.destination || route.tos !== wanted.tos)
    return false;
  if (wanted.type !== 0 && route.type !== wanted.type) return false;
  if (wanted.scope !== RT_SCOPE_NOWHERE && route.scope !== wanted.scope) return false;
  if (wanted.prefSrc !== null && route.prefSrc !== wanted.prefSrc) return false;
  if (wanted.protocol !== 0 && route.protocol !== wanted.protocol) return false;
  if ((wanted.priority ?? 0) !== 0 && route.priority !== wanted.priority) return false;
  const [first, ...more] = wanted.nexthops;
  if (first === undefined) return true;
  if (more.length === 0) return fitsLeg(first, route.nexthops[0]);
  // fib_nh_match goes by the legs of the route: those that the request has beyond them are not looked at.
  return route.nexthops.every((hop, i) => wanted.nexthops[i] !== undefined && fitsLeg(wanted.nexthops[i], hop));
}

function fitsLeg(leg: Nexthop, hop: Nexthop | undefined): boolean {
  if (leg.linkIndex === null && leg.gateway === null) return true;
  if (hop === undefined) return false;
  if (leg.linkIndex !== null && leg.linkIndex !== hop.linkIndex) return false;
  return leg.gateway === null || (leg.gateway === hop.gateway && leg.gatewayFamily === hop.gatewayFamily);
}

function isSameKey(a: Route, b: Route): boolean {
  return (
    a.table === b.table && a.destination === b.destination && a.tos === b.tos && (a.priority ?? 0) === (b.priority ?? 0)
  );
}

/** True when the kernel would keep one fib_info for both. */
function isSameInfo(a: Route, b: Route): boolean {
  return (
    a.type === b.type &&
    a.scope === b.scope &&
    a.protocol === b.protocol &&
    a.prefSrc === b.prefSrc &&
    a.nexthops.length === b.nexthops.length &&
    a.nexthops.every((leg, i) => isSameLeg(leg, b.nexthops[i]!)) &&
    metricsText(a) === metricsText(b)
  );
}

const IN_COMPARISON = ~(RTNH_F_DEAD | RTNH_F_LINKDOWN);

function isSameLeg(a: Nexthop, b: Nexthop): boolean {
  return (
    a.linkIndex === b.linkIndex &&
    a.gateway === b.gateway &&
    a.weight === b.weight &&
    (a.flags & IN_COMPARISON) === (b.flags & IN_COMPARISON)
  );
}

function metricsText({ metrics }: Route): string {
  const entries = Object.entries(metrics);
  return entries.length === 0 ? '' : JSON.stringify(entries.sort(([a], [b]) => Number(a) - Number(b)));
}

/** The order of a dump: tables by their hash, then the trie: address, longest prefix first, tos, metric. */
function compareRoutes(a: Route, b: Route): number {
  if (a.table !== b.table) return (a.table & 255) - (b.table & 255) || b.table - a.table;
  if (a.destination !== b.destination) {
    const x = prefixOf(a.destination);
    const y = prefixOf(b.destination);
    if (x.bits !== y.bits) return x.bits < y.bits ? -1 : 1;
    return y.length - x.length;
  }
  return b.tos - a.tos || (a.priority ?? 0) - (b.priority ?? 0);
}
