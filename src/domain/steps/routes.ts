import type { Address } from '../address.ts';
import { IFA_F_NOPREFIXROUTE } from '../address.ts';
import type { Effect } from '../effect.ts';
import { networkOf } from '../prefix.ts';
import type { Nexthop, Route } from '../route.ts';
import {
  isDefault,
  RT_TABLE_MAIN,
  RTNH_F_ONLINK,
  RTNH_F_PERVASIVE,
  RTPROT_KERNEL,
  RTPROT_RA,
  usesLink,
} from '../route.ts';
import type { Rule } from '../rule.ts';
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

/**
 * The route with the legs on one link moved to another. One that is there already is not made twice: who puts addresses on both links gives a route
 * a leg on each (IPv6), and the kernel refuses two alike.
 */
export function moveLegs(route: Route, from: number, to: number): Route {
  const hasLeg = (linkIndex: number, gateway: string | null): boolean =>
    route.nexthops.some(hop => hop.linkIndex === linkIndex && hop.gateway === gateway);
  return {
    ...route,
    nexthops: route.nexthops
      .filter(hop => from === to || hop.linkIndex !== from || !hasLeg(to, hop.gateway))
      .map(hop => ({
        ...hop,
        flags: hop.flags & CHOSEN_HOP_FLAGS,
        linkIndex: hop.linkIndex === from ? to : hop.linkIndex,
      })),
  };
}

/** What the kernel tells routes apart by: a second one with the same key is EEXIST or, for IPv6, another leg. */
function keyOf({ family, table, destination, source, tos, priority }: Route): string {
  return `${family} ${table} ${destination} ${source} ${tos} ${priority ?? 0}`;
}

/** The same for two routes that are alike; what is left of an expiry and kernel-owned flags do not count. */
export function identityOf(route: Route): string {
  const metrics = Object.entries(route.metrics).sort(([a], [b]) => Number(a) - Number(b));
  const { type, protocol, scope, prefSrc, preference = 0, expiresS } = route;
  return `${wayOf(route)} ${type} ${protocol} ${scope} ${prefSrc} ${preference} ${metrics.join()} ${expiresS === null}`;
}

/** The same for routes of one key with the same legs. */
function wayOf(route: Route): string {
  const legs = route.nexthops
    .map(hop => `${hop.linkIndex} ${hop.gateway} ${hop.weight} ${hop.flags & CHOSEN_HOP_FLAGS}`)
    .sort();
  return `${keyOf(route)} ${legs.join()}`;
}

/** Answers whether a route alike is among them; a host may have many thousands, so each is looked at once. */
export function lookUpRoutes(routes: readonly Route[]): (route: Route) => boolean {
  const identities = new Set(routes.map(identityOf));
  return route => identities.has(identityOf(route));
}

/**
 * An IPv6 route that leads the way of `route` but is not alike, and that nobody wants so: the kernel gives a prefix route the lifetime of
 * the address that came first, and takes the source from routes whose address goes. IPv4 keeps such routes side by side.
 */
function findSpoilt(route: Route, group: readonly Route[], isWanted: (route: Route) => boolean): Route | undefined {
  if (route.family === 4) return undefined;
  return group.find(r => wayOf(r) === wayOf(route) && !isWanted(r));
}

/** It goes and comes back: a replace would hit the first route of the key, which may be another link's. */
function renew(route: Route, spoilt: Route, group: readonly Route[]): Effect[] {
  return [
    { op: 'route.remove', route: spoilt },
    { op: group.length > 1 ? 'route.append' : 'route.add', route },
  ];
}

/**
 * The order in which the kernel takes routes: on-link ones before those via a gateway, which it checks against them (F-65), and defaults last.
 * It makes that check by the policy rules: a default of a table that an early rule points to would hide the gateway's on-link
 * route from those that follow (EHOSTUNREACH), so defaults of tables with late rules go first.
 */
function inAddingOrder(routes: readonly Route[], rules: readonly Rule[]): readonly Route[] {
  const rank = rankTables(rules);
  return routes
    .map((route, position) => ({ route, position }))
    .sort((a, b) => {
      const byClass = classOf(a.route) - classOf(b.route);
      if (byClass !== 0) return byClass;
      const byRule =
        classOf(a.route) === 2 ? (rank.get(b.route.table) ?? Infinity) - (rank.get(a.route.table) ?? Infinity) : 0;
      return byRule || a.position - b.position;
    })
    .map(({ route }) => route);
}

/** The priority of the first rule that points to each table. */
function rankTables(rules: readonly Rule[]): ReadonlyMap<number, number> {
  const rank = new Map<number, number>();
  for (const rule of rules) rank.set(rule.table, Math.min(rank.get(rule.table) ?? Infinity, rule.priority));
  return rank;
}

function classOf(route: Route): 0 | 1 | 2 {
  if (!route.nexthops.some(hop => hop.gateway !== null)) return 0;
  return isDefault(route) ? 2 : 1;
}

function without(routes: readonly Route[], some: readonly Route[]): readonly Route[] {
  if (some.length === 0) return routes;
  const isOne = lookUpRoutes(some);
  return routes.filter(route => !isOne(route));
}

/** The kernel looks for the way to a gateway, unless it was told that it is on the link. */
function isGatewayChecked(route: Route): boolean {
  return route.nexthops.some(hop => hop.gateway !== null && (hop.flags & RTNH_F_ONLINK) === 0);
}

/**
 * Defaults that are in place already, of tables that are looked at before the main one, while a route that comes before them in `ordered` is
 * not: what a move that was cut short leaves behind. They hide the on-link route of that one's gateway (EHOSTUNREACH).
 */
function hidingDefaults(
  ordered: readonly Route[],
  present: readonly Route[],
  rules: readonly Rule[],
): readonly Route[] {
  const rank = rankTables(rules);
  const isEarly = ({ table }: Route): boolean =>
    (rank.get(table) ?? Infinity) < (rank.get(RT_TABLE_MAIN) ?? Infinity) && table !== RT_TABLE_MAIN;
  const isCandidate = (route: Route): boolean => classOf(route) === 2 && isEarly(route);
  if (!ordered.some(isCandidate)) return [];
  const isThere = lookUpRoutes(present);
  const firstMissing = (family: 4 | 6): number =>
    ordered.findIndex(route => route.family === family && isGatewayChecked(route) && !isThere(route));
  const first = { 4: firstMissing(4), 6: firstMissing(6) };
  return ordered.filter((route, position) => {
    const at = first[route.family];
    return at >= 0 && position > at && isCandidate(route) && isThere(route);
  });
}

/** A move of routes between two links. */
export interface RouteMove {
  /** The routes as they are to be, with their legs on {@link to}. */
  readonly wanted: readonly Route[];
  readonly present: readonly Route[];
  readonly rules: readonly Rule[];
  readonly from: number;
  readonly to: number;
  /** Addresses of {@link to}. */
  readonly addresses: readonly Address[];
}

/**
 * Moves routes from one link to another without a moment in which there is none.
 *
 * The first route of a key is replaced in place; a further one of the same key is appended and its old self removed (a replace
 * would hit the first, F-63). Once all have moved, the old link's connected routes go: the new link's, made with its addresses, are
 * behind them and take over at that moment.
 */
export function moveRoutes({ wanted, present, rules, from, to, addresses }: RouteMove): Effect[] {
  const ordered = inAddingOrder(wanted, rules);
  const hiding = hidingDefaults(ordered, present, rules);
  // They go and come back in one batch, behind what they hide.
  const effects: Effect[] = hiding.map(route => ({ op: 'route.remove', route }));
  const byKey = new Map<string, Route[]>();
  for (const route of without(present, hiding)) {
    const key = keyOf(route);
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [route]);
    else list.push(route);
  }
  const isWanted = lookUpRoutes(wanted);
  for (const route of ordered) {
    const group = byKey.get(keyOf(route)) ?? [];
    const identity = identityOf(route);
    const old = group.find(r => identityOf(r) !== identity && identityOf(moveLegs(r, from, to)) === identity);
    const spoilt = findSpoilt(route, group, isWanted);
    if (group.some(r => identityOf(r) === identity)) {
      if (old !== undefined && !isConnected(route, addresses)) effects.push({ op: 'route.remove', route: old });
    } else if (spoilt !== undefined) {
      effects.push(...renew(route, spoilt, group));
    } else if (group.length === 0) {
      effects.push({ op: 'route.add', route });
      byKey.set(keyOf(route), [route]);
    } else if (isConnected(route, addresses)) {
      // The address is there but its route is not: somebody took it, or a move that was cut short.
      effects.push({ op: 'route.append', route });
    } else if (old !== undefined && group[0] === old) {
      effects.push({ op: 'route.replace', route });
      byKey.set(keyOf(route), [route, ...group.slice(1)]);
    } else {
      effects.push(append(route, group));
      if (old !== undefined) effects.push({ op: 'route.remove', route: old });
    }
  }
  // Not in the same round: a refused move must not cost the route that still works.
  if (effects.length > 0) return effects;
  return present
    .filter(route => !isKernelOwned(route) && usesLink(route, from) && isConnected(route, addresses))
    .filter(route => hasCounterpart(route, present, from, to))
    .map(route => ({ op: 'route.remove', route }));
}

function hasCounterpart(route: Route, present: readonly Route[], from: number, to: number): boolean {
  const moved = moveLegs(route, from, to);
  return present.some(r => keyOf(r) === keyOf(moved) && usesLink(r, to));
}

/**
 * Puts a route behind those of its key. IPv6 keeps the legs of one key together, and takes none of a request in which one is there already: with
 * a link the kernel takes only the legs that are on it, so only those come back.
 */
function append(route: Route, group: readonly Route[]): Effect {
  if (route.family === 4) return { op: 'route.append', route };
  const isThere = (leg: Nexthop): boolean =>
    group.some(r => r.nexthops.some(n => n.linkIndex === leg.linkIndex && n.gateway === leg.gateway));
  const missing = route.nexthops.filter(leg => !isThere(leg));
  return { op: 'route.append', route: missing.length === 0 ? route : { ...route, nexthops: missing } };
}

/** Routes over a link that others have made since the snapshot: the kernel would flush them with the link or its last address (I4). */
export function routesOfOthers(
  present: readonly Route[],
  known: readonly Route[],
  from: number,
  to: number,
): readonly Route[] {
  const isKnown = lookUpRoutes(known);
  return present
    .filter(route => usesLink(route, from) && !isKernelOwned(route) && !isOfKernel(route))
    .map(route => moveLegs(route, from, to))
    .filter(route => !isKnown(route));
}

/** Made by the kernel with an address or of a router advertisement: it makes its own on the other link. */
function isOfKernel({ protocol }: Route): boolean {
  return protocol === RTPROT_KERNEL || protocol === RTPROT_RA;
}

/** Adds those of `wanted` that are missing, without touching anything else. */
export function addMissingRoutes(
  wanted: readonly Route[],
  present: readonly Route[],
  rules: readonly Rule[],
): Effect[] {
  const hiding = hidingDefaults(inAddingOrder(wanted, rules), present, rules);
  const left = without(present, hiding);
  const isThere = lookUpRoutes(left);
  const missing = inAddingOrder(
    wanted.filter(route => !isThere(route)),
    rules,
  );
  const isWanted = lookUpRoutes(wanted);
  const gone = hiding.map((route): Effect => ({ op: 'route.remove', route }));
  const added = missing.flatMap((missed): Effect[] => {
    const route = moveLegs(missed, -1, -1);
    const group = left.filter(r => keyOf(r) === keyOf(route));
    const spoilt = findSpoilt(route, group, isWanted);
    if (spoilt !== undefined) return renew(route, spoilt, group);
    return [group.length > 0 ? append(route, group) : { op: 'route.add', route }];
  });
  return [...gone, ...added];
}
