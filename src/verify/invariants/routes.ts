import type { Address } from '../../domain/address.ts';
import { IFA_F_TENTATIVE } from '../../domain/address.ts';
import { networkOf } from '../../domain/prefix.ts';
import type { Route } from '../../domain/route.ts';
import { formatRoute, RT_TABLE_LOCAL, RTN_LOCAL, RTN_MULTICAST, RTPROT_KERNEL } from '../../domain/route.ts';
import { mayHaveExpired } from './addresses.ts';
import type { Invariant } from './ended-run.ts';
import type { Judge } from './judge.ts';

/** `route default via 10.9.0.1 metric 100`. */
export function routeObject(route: Route, judge: Judge): string {
  const links = route.nexthops.map(hop => judge.nameOf(hop.linkIndex));
  return `route ${formatRoute(route)}${links.length === 0 ? '' : ` dev ${links.join(', ')}`}`;
}

/** True for what the kernel keeps by itself for an address or a link: the local table, multicast, the prefix of link-local addresses. */
export function isOfKernel(route: Route): boolean {
  return (
    route.table === RT_TABLE_LOCAL ||
    route.type === RTN_MULTICAST ||
    (route.protocol === RTPROT_KERNEL && route.destination === 'fe80::/64')
  );
}

/** True when a leg leaves by the link. */
export function hasLegOn(route: Route, linkIndex: number): boolean {
  return route.nexthops.some(hop => hop.linkIndex === linkIndex);
}

/** The route with its legs on one link put on another. */
export function withLegsOn(route: Route, from: number, to: number): Route {
  if (!hasLegOn(route, from)) return route;
  const nexthops = route.nexthops.map(hop => (hop.linkIndex === from ? { ...hop, linkIndex: to } : hop));
  return { ...route, nexthops };
}

// A host is judged thousands of times a minute, and most of its routes are the base's, which all runs of an exploration share.
const identities = new WeakMap<Route, string>();
const keys = new WeakMap<Route, string>();

/** Everything by which two routes can differ, but what is left of their lifetimes. */
export function identityOf(route: Route): string {
  let identity = identities.get(route);
  if (identity === undefined) {
    identity = describe(route);
    identities.set(route, identity);
  }
  return identity;
}

function describe(route: Route): string {
  const { type, protocol, scope, prefSrc, flags, preference, nexthopId, encapType, expiresS } = route;
  const legs = route.nexthops.map(hop => `${hop.linkIndex}>${hop.gateway}*${hop.weight}/${hop.flags}`);
  // The kernel keeps the legs of an IPv6 route as siblings, whose order is theirs.
  if (route.family === 6 && legs.length > 1) legs.sort();
  const metrics = Object.entries(route.metrics).sort().join(';');
  const rest = [type, protocol, scope, prefSrc, flags, preference ?? 0, nexthopId, encapType, expiresS !== null];
  return `${keyOf(route)} ${rest.join(' ')} ${metrics} ${legs.join()}`;
}

/** What the kernel looks a route up by; among those of one key the first wins. */
function keyOf(route: Route): string {
  let key = keys.get(route);
  if (key === undefined) {
    const { family, table, destination, source, tos, priority } = route;
    key = `${family} ${table} ${destination} ${source} ${tos} ${priority ?? 0}`;
    keys.set(route, key);
  }
  return key;
}

/** Compares routes of all tables: presence with every attribute, as often as expected. Routes that expire may be gone once their time is over. */
export function compareRoutes(
  invariant: Invariant,
  expected: readonly Route[],
  got: readonly Route[],
  judge: Judge,
): void {
  const untouched = new Set(got);
  if (expected.every(route => untouched.has(route))) return;
  const left = countOf(got);
  for (const route of expected) {
    const identity = identityOf(route);
    const count = left.get(identity) ?? 0;
    left.set(identity, count - 1);
    if (count > 0) continue;
    if (mayHaveEnded(route, judge)) continue;
    if (awaitsDad(route, judge)) continue;
    const rival = got.find(one => keyOf(one) === keyOf(route));
    const what = rival === undefined ? 'missing' : 'missing or different';
    const found = rival === undefined ? 'missing' : JSON.stringify(rival);
    judge.violated(invariant, what, routeObject(route, judge), JSON.stringify(route), found);
  }
}

/** True when its own time may be over, or that of an address which it has as its source or its prefix. */
export function mayHaveEnded(route: Route, { run }: Judge): boolean {
  const { base, elapsedS } = run;
  if (route.expiresS !== null && route.expiresS <= elapsedS + 2) return true;
  const belongsTo = (address: Address): boolean =>
    route.prefSrc === address.local ||
    (route.prefSrc === null &&
      route.protocol === RTPROT_KERNEL &&
      route.destination === networkOf(address.peer ?? address.local, address.prefixLength));
  const owners = base.kernel.addresses.filter(belongsTo);
  return owners.length > 0 && owners.every(address => mayHaveExpired(address, elapsedS));
}

/** The local route of an IPv6 address comes when the address is no longer tentative. */
function awaitsDad(route: Route, { run }: Judge): boolean {
  if (route.family === 4 || route.type !== RTN_LOCAL) return false;
  return run.after.kernel.addresses.some(
    address => (address.flags & IFA_F_TENTATIVE) !== 0 && `${address.local}/128` === route.destination,
  );
}

/** Routes that are there now but not among those expected. */
export function reportSurplusRoutes(
  invariant: Invariant,
  expected: readonly Route[],
  got: readonly Route[],
  judge: Judge,
): void {
  const known = new Set(expected);
  if (got.every(route => known.has(route))) return;
  const left = countOf(expected);
  for (const route of got) {
    const identity = identityOf(route);
    const count = left.get(identity) ?? 0;
    left.set(identity, count - 1);
    if (count <= 0) judge.violated(invariant, 'surplus', routeObject(route, judge), 'none', JSON.stringify(route));
  }
}

function countOf(routes: readonly Route[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const route of routes) {
    const identity = identityOf(route);
    counts.set(identity, (counts.get(identity) ?? 0) + 1);
  }
  return counts;
}

/** Compares the order of IPv4 routes of one key, all of the host's: the first is the one that packets take. */
export function compareRouteOrder(
  invariant: Invariant,
  expected: readonly Route[],
  got: readonly Route[],
  judge: Judge,
): void {
  const wanted = groupsOf(expected);
  if (wanted.size === 0) return;
  const found = groupsOf(got);
  for (const [key, group] of wanted) {
    const first = group[0];
    if (first === undefined) continue;
    const order = group.map(identityOf);
    const now = (found.get(key) ?? []).map(identityOf).filter(identity => order.includes(identity));
    // Those that are missing are told already.
    if (now.length !== order.length || now.join() === order.join()) continue;
    const text = (routes: readonly Route[]): string => routes.map(r => routeObject(r, judge)).join(', ');
    judge.violated(invariant, 'order differs', routeObject(first, judge), text(group), text(found.get(key) ?? []));
  }
}

/** IPv4 routes of which there are several of one key, by key: for IPv6 the kernel sorts by itself. */
function groupsOf(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const first = new Map<string, Route>();
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    if (route.family === 6 || isOfKernel(route)) continue;
    const key = keyOf(route);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, route);
      continue;
    }
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [before, route]);
    else group.push(route);
  }
  return groups;
}
