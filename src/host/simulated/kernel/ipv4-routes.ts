import { isUp } from '../../../domain/link.ts';
import type { Nexthop, Route } from '../../../domain/route.ts';
import {
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTN_LOCAL,
  RTN_UNICAST,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
} from '../../../domain/route.ts';
import { prefixOf } from './ip-bits.ts';
import { addressType, lookUpGateway } from './ipv4-lookup.ts';
import type { Namespace } from './namespace.ts';
import { runs } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** How a route meets one with the same key. */
export type RouteMode = 'create' | 'append' | 'replace';

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
  ns.setIpv4Routes(routes.toSpliced(end, 0, made));
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

const NO_LEG: Nexthop = { linkIndex: null, gateway: null, gatewayFamily: null, weight: 1, flags: 0 };

/** fib_check_nh: is the link up, is the gateway on it? */
function checkLeg(ns: Namespace, leg: Nexthop, { scope, table }: Route): Nexthop | Refusal {
  const isOnlink = (leg.flags & RTNH_F_ONLINK) !== 0;
  if (leg.gateway === null) {
    if (isOnlink) return refuse('EINVAL', 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set');
    const node = leg.linkIndex === null ? undefined : ns.node(leg.linkIndex);
    if (node === undefined) return refuse('ENODEV');
    if (!isUp(node.link)) return refuse('ENETDOWN', 'Device for nexthop is not up');
    return { ...leg, flags: runs(node) ? 0 : RTNH_F_LINKDOWN };
  }
  if (isOnlink) {
    if (scope >= RT_SCOPE_LINK) return refuse('EINVAL', 'Nexthop has invalid scope');
    const node = leg.linkIndex === null ? undefined : ns.node(leg.linkIndex);
    if (node === undefined) return refuse('ENODEV', 'Nexthop device required for onlink');
    if (!isUp(node.link)) return refuse('ENETDOWN', 'Nexthop device is not up');
    if (addressType(ns, leg.gateway) !== RTN_UNICAST) return refuse('EINVAL', 'Nexthop has invalid gateway');
    return { ...leg, flags: RTNH_F_ONLINK | (runs(node) ? 0 : RTNH_F_LINKDOWN) };
  }
  const answer = lookUpGateway(ns, table, leg.gateway, Math.max(scope + 1, RT_SCOPE_LINK), leg.linkIndex);
  if (typeof answer === 'string') return refuse(answer, 'Nexthop has invalid gateway');
  const hit = answer.found;
  if (hit.route.type !== RTN_UNICAST && hit.route.type !== RTN_LOCAL) {
    return refuse('EINVAL', 'Nexthop has invalid gateway');
  }
  const node = hit.leg.linkIndex === null ? undefined : ns.node(hit.leg.linkIndex);
  if (node === undefined) return refuse('EINVAL', 'No egress device for nexthop gateway');
  if (!isUp(node.link)) return refuse('ENETDOWN');
  return { ...leg, linkIndex: node.link.index, flags: runs(node) ? 0 : RTNH_F_LINKDOWN };
}

/** fib_valid_prefsrc. */
function isValidSource(ns: Namespace, route: Route, source: string): boolean {
  if (route.type === RTN_LOCAL && route.destination === `${source}/32`) return true;
  if (route.table !== RT_TABLE_MAIN && addressType(ns, source, route.table) === RTN_LOCAL) return true;
  return addressType(ns, source) === RTN_LOCAL;
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
  const single = wanted.nexthops.length === 1;
  return wanted.nexthops.every((leg, i) => {
    const hop = route.nexthops[i];
    if (leg.linkIndex === null && leg.gateway === null && single) return true;
    if (hop === undefined) return false;
    if (leg.linkIndex !== null && leg.linkIndex !== hop.linkIndex) return false;
    return leg.gateway === null || (leg.gateway === hop.gateway && leg.gatewayFamily === hop.gatewayFamily);
  });
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

/** A route that the kernel makes for an address (fib_magic); refusals are ignored there too. */
export function addKernelRoute(
  ns: Namespace,
  type: number,
  destination: string,
  linkIndex: number,
  prefSrc: string,
  metric: number,
): void {
  addIpv4Route(ns, kernelRoute(type, destination, linkIndex, prefSrc, metric), 'append');
}

/** Takes such a route away again. */
export function removeKernelRoute(
  ns: Namespace,
  type: number,
  destination: string,
  linkIndex: number,
  prefSrc: string,
  metric = 0,
): void {
  removeIpv4Route(ns, kernelRoute(type, destination, linkIndex, prefSrc, metric));
}

function kernelRoute(type: number, destination: string, linkIndex: number, prefSrc: string, metric: number): Route {
  return {
    family: 4,
    table: type === RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
    type,
    protocol: 2,
    scope: type === RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK,
    tos: 0,
    destination,
    source: null,
    priority: metric === 0 ? null : metric,
    prefSrc,
    flags: 0,
    preference: null,
    metrics: {},
    nexthops: [{ linkIndex, gateway: null, gatewayFamily: null, weight: 1, flags: 0 }],
    nexthopId: null,
    encapType: null,
    expiresS: null,
  };
}

/**
 * fib_sync_down_dev: legs on the link die, and routes without a leg that lives are flushed without a word. `force` takes those of our own
 * addresses too (last address gone), `unregister` every route that names the link.
 */
export function flushIpv4Link(ns: Namespace, linkIndex: number, how: 'down' | 'force' | 'unregister'): void {
  const kept: Route[] = [];
  let changed = false;
  for (const route of ns.ipv4Routes) {
    const isSpared = how === 'down' && route.scope === RT_SCOPE_HOST;
    if (isSpared || !route.nexthops.some(hop => hop.linkIndex === linkIndex)) {
      kept.push(route);
      continue;
    }
    changed = true;
    if (how === 'unregister') continue;
    const nexthops = route.nexthops.map(hop =>
      hop.linkIndex === linkIndex ? { ...hop, flags: hop.flags | RTNH_F_DEAD | RTNH_F_LINKDOWN } : hop,
    );
    if (nexthops.some(hop => (hop.flags & RTNH_F_DEAD) === 0)) kept.push({ ...route, nexthops });
  }
  if (changed) ns.setIpv4Routes(kept);
}

/** Flushes the routes that say to use an address which is gone as their source. */
export function flushIpv4Source(ns: Namespace, address: string): void {
  const kept = ns.ipv4Routes.filter(route => route.prefSrc !== address);
  if (kept.length !== ns.ipv4Routes.length) ns.setIpv4Routes(kept);
}

/** Sets and clears leg flags on a link: the carrier came or went, or the link is up again. */
export function markIpv4Legs(ns: Namespace, linkIndex: number, set: number, clear: number): void {
  let changed = false;
  const routes = ns.ipv4Routes.map(route => {
    if (route.scope === RT_SCOPE_HOST) return route;
    const nexthops = route.nexthops.map(hop => {
      const flags = (hop.flags | set) & ~clear;
      return hop.linkIndex !== linkIndex || flags === hop.flags ? hop : { ...hop, flags };
    });
    if (nexthops.every((hop, i) => hop === route.nexthops[i])) return route;
    changed = true;
    return { ...route, nexthops };
  });
  if (changed) ns.setIpv4Routes(routes);
}
