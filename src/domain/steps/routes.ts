import type { Address } from '../address.ts';
import { IFA_F_NOPREFIXROUTE } from '../address.ts';
import type { Effect } from '../effect.ts';
import { networkOf } from '../prefix.ts';
import type { Route } from '../route.ts';
import { RTNH_F_ONLINK, RTNH_F_PERVASIVE, RTPROT_KERNEL, usesLink } from '../route.ts';
import { isKernelOwned } from '../snapshot.ts';

/** Leg flags that a person chose; DEAD, LINKDOWN and the offload bits are the kernel's and make it refuse (F-63). */
const CHOSEN_HOP_FLAGS = RTNH_F_ONLINK | RTNH_F_PERVASIVE;

/**
 * True for the prefix route that the kernel makes and removes with one of these addresses: nobody adds it by hand, and it must
 * be there exactly when the address is.
 */
export function isConnected(route: Route, addresses: readonly Address[]): boolean {
  if (route.protocol !== RTPROT_KERNEL || route.nexthops.some(hop => hop.gateway !== null)) return false;
  return addresses.some(
    address =>
      address.family === route.family &&
      (address.flags & IFA_F_NOPREFIXROUTE) === 0 &&
      networkOf(address.peer ?? address.local, address.prefixLength) === route.destination,
  );
}

/** The route with the legs on one link moved to another. */
export function moveLegs(route: Route, from: number, to: number): Route {
  return {
    ...route,
    nexthops: route.nexthops.map(hop => ({
      ...hop,
      flags: hop.flags & CHOSEN_HOP_FLAGS,
      linkIndex: hop.linkIndex === from ? to : hop.linkIndex,
    })),
  };
}

/** What the kernel tells routes apart by: a second one with the same key is EEXIST or, for IPv6, another leg. */
function keyOf(route: Route): string {
  return [route.family, route.table, route.destination, route.source, route.tos, route.priority ?? 0].join(' ');
}

/** True when two routes lead the same way; lifetimes and kernel-owned flags do not count. */
export function isSameRoute(a: Route, b: Route): boolean {
  return keyOf(a) === keyOf(b) && describe(a) === describe(b);
}

function describe(route: Route): string {
  const hops = route.nexthops
    .map(hop => `${hop.linkIndex} ${hop.gateway} ${hop.weight} ${hop.flags & CHOSEN_HOP_FLAGS}`)
    .sort();
  const metrics = Object.entries(route.metrics).sort(([a], [b]) => Number(a) - Number(b));
  return JSON.stringify([route.type, route.protocol, route.scope, route.prefSrc, route.preference ?? 0, metrics, hops]);
}

/** On-link routes before those via a gateway, which the kernel checks against them (F-65); otherwise the kernel's order. */
function inAddingOrder(routes: readonly Route[]): readonly Route[] {
  const hasGateway = (route: Route): number => (route.nexthops.some(hop => hop.gateway !== null) ? 1 : 0);
  return routes
    .map((route, position) => ({ route, position }))
    .sort((a, b) => hasGateway(a.route) - hasGateway(b.route) || a.position - b.position)
    .map(({ route }) => route);
}

/**
 * Moves routes from one link to another without a moment in which there is none. `wanted` are the routes as they are to be,
 * with their legs on `to`; `addresses` are those of `to`.
 *
 * The first route of a key is replaced in place; a further one of the same key is appended and its old self removed (a replace
 * would hit the first, F-63). The old link's connected routes go last: the new link's, made with its addresses, are behind them
 * and take over at that moment.
 */
export function moveRoutes(
  wanted: readonly Route[],
  present: readonly Route[],
  from: number,
  to: number,
  addresses: readonly Address[],
): Effect[] {
  const effects: Effect[] = [];
  const byKey = new Map<string, Route[]>();
  for (const route of present) {
    const key = keyOf(route);
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [route]);
    else list.push(route);
  }
  for (const route of inAddingOrder(wanted)) {
    if (isConnected(route, addresses)) continue;
    const group = byKey.get(keyOf(route)) ?? [];
    const old = group.find(r => isSameRoute(moveLegs(r, from, to), route) && !isSameRoute(r, route));
    if (group.some(r => isSameRoute(r, route))) {
      if (old !== undefined) effects.push({ op: 'route.remove', route: old });
    } else if (group.length === 0) {
      effects.push({ op: 'route.add', route });
      byKey.set(keyOf(route), [route]);
    } else if (old !== undefined && group[0] === old) {
      effects.push({ op: 'route.replace', route });
      byKey.set(keyOf(route), [route, ...group.slice(1)]);
    } else {
      effects.push({ op: 'route.append', route });
      if (old !== undefined) effects.push({ op: 'route.remove', route: old });
    }
  }
  for (const route of present) {
    if (isKernelOwned(route) || !usesLink(route, from)) continue;
    if (isConnected(route, addresses) && hasCounterpart(route, present, from, to)) {
      effects.push({ op: 'route.remove', route });
    }
  }
  return effects;
}

function hasCounterpart(route: Route, present: readonly Route[], from: number, to: number): boolean {
  const moved = moveLegs(route, from, to);
  return present.some(r => keyOf(r) === keyOf(moved) && usesLink(r, to));
}

/** Adds those of `wanted` that are missing, without touching anything else. */
export function addMissingRoutes(wanted: readonly Route[], present: readonly Route[]): Effect[] {
  return inAddingOrder(wanted.filter(route => !present.some(r => isSameRoute(r, route)))).map(route => ({
    op: present.some(r => keyOf(r) === keyOf(route)) ? 'route.append' : 'route.add',
    route: moveLegs(route, -1, -1),
  }));
}
