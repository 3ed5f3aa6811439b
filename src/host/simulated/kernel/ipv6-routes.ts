import type { Nexthop, Route } from '../../../domain/route.ts';
import { RTPROT_KERNEL } from '../../../domain/route.ts';
import { prefixOf } from './ip-bits.ts';
import type { RouteMode } from './ipv4-routes.ts';
import { checkLeg6 } from './ipv6-legs.ts';
import { isOwnAddress, isReject } from './ipv6-lookup.ts';
import type { Namespace } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** The ifindex of `lo`. */
export const LOOPBACK_INDEX = 1;

/** What the kernel forgets of routes that drop packets, and of those by `lo`, which it takes for such. */
const FORGOTTEN = { preference: 0, expiresS: null };

const IP6_RT_PRIO_USER = 1024;

/** ip6_route_add and ip6_route_multipath_add: every leg is a route of its own that joins those of its key. */
export function addIpv6Route(ns: Namespace, wanted: Route, mode: RouteMode): Refusal | null {
  if (wanted.tos !== 0) return refuse('EINVAL', 'Invalid dsfield (tos): option not available for IPv6');
  const made = makeRoutes(ns, wanted);
  if ('errno' in made) return made;
  const before = ns.ipv6Routes;
  let how = mode;
  for (const route of made) {
    const refusal = insertIpv6Route(ns, route, how);
    if (refusal !== null) {
      if (made.length > 1) ns.setIpv6Routes(before);
      return refusal;
    }
    // What the first leg has replaced or found free, the others join.
    how = 'append';
  }
  return null;
}

/** ip6_route_info_create for each leg: what will be listed, or why it cannot be. */
function makeRoutes(ns: Namespace, wanted: Route): readonly Route[] | Refusal {
  const base: Route = {
    ...wanted,
    scope: 0,
    priority: (wanted.priority ?? 0) === 0 ? IP6_RT_PRIO_USER : wanted.priority,
    preference: wanted.preference ?? 0,
    flags: 0,
    destination: clearHostBits(wanted.destination),
  };
  if (isReject(wanted)) {
    const isValid = wanted.prefSrc === null || isOwnAddress(ns, wanted.prefSrc, LOOPBACK_INDEX, false);
    return isValid ? [{ ...base, ...FORGOTTEN, nexthops: [] }] : refuse('EINVAL', 'Invalid source address');
  }
  if (wanted.nexthops.length > 1 && wanted.nexthops.some(leg => leg.gateway === null)) {
    return refuse('EINVAL', 'Device only routes can not be added for IPv6 using the multipath API.');
  }
  const routes: Route[] = [];
  for (const leg of wanted.nexthops.length === 0 ? [NO_LEG] : wanted.nexthops) {
    const checked = checkLeg6(ns, leg, base);
    if ('errno' in checked) return checked;
    if (wanted.prefSrc !== null && !isOwnAddress(ns, wanted.prefSrc, checked.linkIndex, false)) {
      return refuse('EINVAL', 'Invalid source address');
    }
    if (routes.some(({ nexthops }) => isSameHop(nexthops[0]!, checked))) return refuse('EEXIST');
    routes.push({ ...base, ...(checked.linkIndex === LOOPBACK_INDEX ? FORGOTTEN : {}), nexthops: [checked] });
  }
  return routes;
}

const NO_LEG: Nexthop = { linkIndex: null, gateway: null, gatewayFamily: null, weight: 1, flags: 0 };

function clearHostBits(destination: string): string {
  return destination;
}

/** fib6_add_rt2node: one leg meets the routes of its prefix; a limited lifetime begins. */
export function insertIpv6Route(ns: Namespace, made: Route, mode: RouteMode | 'kernel'): Refusal | null {
  const refusal = insert(ns, made, mode);
  if (refusal === null && made.expiresS !== null && ns.ipv6Routes.includes(made)) {
    setExpiry(ns, made, ns.clock.now() + made.expiresS * 1000);
  }
  return refusal;
}

function insert(ns: Namespace, made: Route, mode: RouteMode | 'kernel'): Refusal | null {
  const routes = ns.ipv6Routes;
  const canJoin = hasGateway(made);
  const same = routes.filter(route => isSameNode(route, made) && route.priority === made.priority);
  if (same.length > 0 && mode === 'create') return refuse('EEXIST');
  if (mode === 'replace') {
    const target = same.find(route => hasGateway(route) === canJoin) ?? same[0];
    if (target !== undefined) {
      dropExpiry(ns, target);
      ns.setIpv6Routes(ns.ipv6Routes.with(routes.indexOf(target), made));
      return null;
    }
  }
  const leg = made.nexthops[0];
  const duplicate = same.find(
    route => route.nexthops.some(hop => isSameHop(hop, leg)) || (leg === undefined && route.nexthops.length === 0),
  );
  if (duplicate !== undefined) return refuse('EEXIST');
  const group = canJoin ? same.find(hasGateway) : undefined;
  if (group !== undefined && leg !== undefined) {
    ns.setIpv6Routes(routes.with(routes.indexOf(group), { ...group, nexthops: [...group.nexthops, leg] }));
    return null;
  }
  const at = routes.findIndex(route => compareRoutes6(route, made) > 0);
  ns.setIpv6Routes(at < 0 ? [...routes, made] : routes.toSpliced(at, 0, made));
  return null;
}

function hasGateway(route: Route): boolean {
  return route.nexthops.some(hop => hop.gateway !== null);
}

/** True for routes of one place in the tree. */
export function isSameNode(a: Route, b: Route): boolean {
  return a.table === b.table && a.destination === b.destination && a.source === b.source;
}

/** True for legs of which the kernel takes only one. */
export function isSameHop(a: Nexthop, b: Nexthop | undefined): boolean {
  return b !== undefined && a.linkIndex === b.linkIndex && a.gateway === b.gateway;
}

/** The order of a dump: tables by their hash, then the tree from its leaves up: longer prefixes before those that hold them. */
function compareRoutes6(a: Route, b: Route): number {
  if (a.table !== b.table) return (a.table & 255) - (b.table & 255) || b.table - a.table;
  if (a.destination !== b.destination) {
    const x = prefixOf(a.destination);
    const y = prefixOf(b.destination);
    if (x.network.startsWith(y.network)) return -1;
    if (y.network.startsWith(x.network)) return 1;
    return x.network < y.network ? -1 : 1;
  }
  return (a.priority ?? 0) - (b.priority ?? 0);
}

/** ip6_route_del: with a gateway one leg, else the first that fits with all its legs. */
export function removeIpv6Route(ns: Namespace, wanted: Route, isOneOfMany = false): Refusal | null {
  if (wanted.nexthops.length > 1) {
    let last: Refusal | null = null;
    for (const leg of wanted.nexthops) last = removeIpv6Route(ns, { ...wanted, nexthops: [leg] }, true) ?? last;
    return last;
  }
  const [leg] = wanted.nexthops;
  for (const route of ns.ipv6Routes) {
    if (!isSameNode(route, wanted)) continue;
    if ((wanted.priority ?? 0) !== 0 && route.priority !== wanted.priority) continue;
    if (wanted.protocol !== 0 && route.protocol !== wanted.protocol) continue;
    if (leg === undefined) {
      replaceOrDrop(ns, route, undefined);
      return null;
    }
    const hop = route.nexthops.find(
      one =>
        (leg.linkIndex === null || one.linkIndex === leg.linkIndex) &&
        (leg.gateway === null || one.gateway === leg.gateway),
    );
    if (hop === undefined) continue;
    const takesAll = leg.gateway === null && !isOneOfMany;
    const left = takesAll ? [] : route.nexthops.filter(one => one !== hop);
    replaceOrDrop(ns, route, left.length === 0 ? undefined : { ...route, nexthops: left });
    return null;
  }
  return isNullEntry(ns, wanted) ? refuse('ENOENT') : refuse('ESRCH');
}

/** A tree without a default holds the null entry in its place: an unreachable one of protocol kernel, which nobody may remove. */
function isNullEntry(ns: Namespace, wanted: Route): boolean {
  return (
    wanted.destination === '::/0' &&
    wanted.nexthops.length === 0 &&
    (wanted.priority ?? 0) === 0 &&
    (wanted.protocol === 0 || wanted.protocol === RTPROT_KERNEL) &&
    !ns.ipv6Routes.some(route => isSameNode(route, wanted))
  );
}

/** Puts another route in the place of one, or none. */
export function replaceOrDrop(ns: Namespace, route: Route, by: Route | undefined): void {
  dropExpiry(ns, route);
  const at = ns.ipv6Routes.indexOf(route);
  ns.setIpv6Routes(by === undefined ? ns.ipv6Routes.toSpliced(at, 1) : ns.ipv6Routes.with(at, by));
}

/** Lets a route stay for ever. */
export function dropExpiry(ns: Namespace, route: Route): void {
  const expiry = ns.routeExpiry.get(route);
  if (expiry === undefined) return;
  ns.clock.clearTimeout(expiry.timer);
  ns.routeExpiry.delete(route);
  ns.countLimited(-1);
}

/** Lets a route expire, at a time on the clock; null for never. */
export function setExpiry(ns: Namespace, route: Route, dueMs: number | null): void {
  dropExpiry(ns, route);
  const now = ns.clock.now();
  const expiresS = dueMs === null ? null : Math.ceil((dueMs - now) / 1000);
  const made = { ...route, expiresS };
  ns.setIpv6Routes(ns.ipv6Routes.map(one => (one === route ? made : one)));
  if (dueMs === null) return;
  const expiry = {
    dueMs,
    timer: ns.clock.setTimeout(() => {
      for (const [one, other] of ns.routeExpiry) if (other === expiry) replaceOrDrop(ns, one, undefined);
    }, dueMs - now),
  };
  ns.routeExpiry.set(made, expiry);
  ns.countLimited(1);
}
