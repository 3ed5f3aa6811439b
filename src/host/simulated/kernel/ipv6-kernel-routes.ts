import type { Route } from '../../../domain/route.ts';
import {
  plainRoute,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTN_LOCAL,
  RTN_UNICAST,
  RTPROT_KERNEL,
} from '../../../domain/route.ts';
import { checkLeg6 } from './ipv6-legs.ts';
import { insertIpv6Route, isSameHop, isSameNode, LOOPBACK_INDEX, replaceOrDrop, setExpiry } from './ipv6-routes.ts';
import type { Namespace } from './namespace.ts';

/** IP6_RT_PRIO_ADDRCONF */
export const PREFIX_ROUTE_METRIC = 256;

/** A route that the kernel makes for an address. */
export function kernelRoute6(
  table: number,
  type: number,
  destination: string,
  linkIndex: number,
  metric: number,
): Route {
  return {
    ...plainRoute(destination, linkIndex),
    table,
    type,
    protocol: RTPROT_KERNEL,
    priority: metric,
    preference: 0,
  };
}

/** addrconf_prefix_route: also where another has the same key; one that is there takes over the lifetime. */
export function addPrefixRoute(
  ns: Namespace,
  destination: string,
  linkIndex: number,
  metric: number | null,
  dueMs: number | null,
): void {
  const wanted = kernelRoute6(RT_TABLE_MAIN, RTN_UNICAST, destination, linkIndex, metric ?? PREFIX_ROUTE_METRIC);
  const leg = checkLeg6(ns, wanted.nexthops[0]!, wanted);
  if ('errno' in leg) return;
  const made = { ...wanted, nexthops: [leg] };
  if (insertIpv6Route(ns, made, 'kernel') === null) {
    if (dueMs !== null && linkIndex !== LOOPBACK_INDEX) setExpiry(ns, made, dueMs);
    return;
  }
  const there = ns.ipv6Routes.find(
    route =>
      isSameNode(route, made) && route.priority === made.priority && route.nexthops.some(hop => isSameHop(hop, leg)),
  );
  // One that is there for ever stays so.
  if (there !== undefined && ns.routeExpiry.has(there)) setExpiry(ns, there, dueMs);
}

/** addrconf_get_prefix_route: the first without a gateway, whoever made it. */
export function findPrefixRoute(ns: Namespace, destination: string, linkIndex: number): Route | undefined {
  return ns.ipv6Routes.find(
    route =>
      route.table === RT_TABLE_MAIN &&
      route.destination === destination &&
      route.nexthops[0]?.linkIndex === linkIndex &&
      route.nexthops[0].gateway === null,
  );
}

/** Removes exactly this route. */
export function dropIpv6Route(ns: Namespace, route: Route): void {
  replaceOrDrop(ns, route, undefined);
}

/** The route of table local that makes an address answer; there also while the link is down. */
export function addHostRoute(ns: Namespace, address: string, linkIndex: number): void {
  insertIpv6Route(ns, kernelRoute6(RT_TABLE_LOCAL, RTN_LOCAL, `${address}/128`, linkIndex, 0), 'kernel');
}

/** Takes that route away; one that somebody else made for the same address stays. */
export function removeHostRoute(ns: Namespace, address: string, linkIndex: number): void {
  const found = ns.ipv6Routes.find(
    route =>
      route.table === RT_TABLE_LOCAL &&
      route.type === RTN_LOCAL &&
      route.priority === 0 &&
      route.destination === `${address}/128` &&
      route.nexthops[0]?.linkIndex === linkIndex,
  );
  if (found !== undefined) replaceOrDrop(ns, found, undefined);
}
