import { isLinkLocal } from '../../../domain/address.ts';
import { isUp } from '../../../domain/link.ts';
import type { Nexthop, Route } from '../../../domain/route.ts';
import {
  RT_TABLE_MAIN,
  RTN_ANYCAST,
  RTN_LOCAL,
  RTN_UNICAST,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
} from '../../../domain/route.ts';
import type { Hit6 } from './ipv6-lookup.ts';
import { isOwnAddress, isReject, lookUp6, lookUpInTable6 } from './ipv6-lookup.ts';
import type { Namespace } from './namespace.ts';
import { isLoopback, runs, speaksIpv6 } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** fib6_nh_init: is there a link that takes packets, and is the gateway on it? `ignoreDown` for the routes of our own addresses. */
export function checkLeg6(ns: Namespace, wanted: Nexthop, route: Route, ignoreDown = false): Nexthop | Refusal {
  const isOnlink = (wanted.flags & RTNH_F_ONLINK) !== 0;
  let node = wanted.linkIndex === null ? undefined : ns.node(wanted.linkIndex);
  if (wanted.linkIndex !== null && (node === undefined || !node.hasIpv6)) return refuse('ENODEV');
  if (isOnlink) {
    if (node === undefined) return refuse('ENODEV', 'Nexthop device required for onlink');
    if (!isUp(node.link)) return refuse('ENETDOWN', 'Nexthop device is not up');
  }
  if (node !== undefined && isLoopback(node.link) && route.type !== RTN_LOCAL && route.type !== RTN_ANYCAST) {
    return { ...wanted, gateway: null, gatewayFamily: null, flags: isOnlink ? RTNH_F_ONLINK : 0 };
  }
  if (wanted.gateway !== null) {
    const found = checkGateway(ns, wanted.gateway, wanted.linkIndex, route.table, isOnlink);
    if (typeof found !== 'number') return found;
    node = ns.node(found);
  }
  if (node === undefined) return refuse('ENODEV');
  if (!speaksIpv6(node)) {
    return refuse('EACCES', 'IPv6 is disabled on nexthop device');
  }
  if (!isUp(node.link) && !ignoreDown) return refuse('ENETDOWN', 'Nexthop device is not up');
  const isOurs = route.type === RTN_LOCAL || route.type === RTN_ANYCAST;
  const linkdown = isOurs || runs(node) ? 0 : RTNH_F_LINKDOWN;
  return { ...wanted, linkIndex: node.link.index, flags: (isOnlink ? RTNH_F_ONLINK : 0) | linkdown };
}

/** ip6_validate_gw: the link that leads to the gateway. */
function checkGateway(
  ns: Namespace,
  gateway: string,
  linkIndex: number | null,
  table: number,
  isOnlink: boolean,
): number | Refusal {
  const isLocalLink = isLinkLocal({ family: 6, local: gateway });
  const isOwn = (index: number): boolean => isOwnAddress(ns, gateway, isLocalLink ? index : null, true);
  if (linkIndex !== null && isOwn(linkIndex)) return refuse('EINVAL', 'Gateway can not be a local address');
  let index = linkIndex;
  if (!isLocalLink) {
    if (gateway.startsWith('ff')) return refuse('EINVAL', 'Invalid gateway address');
    const found = isOnlink ? checkOnlink(ns, gateway, linkIndex) : findGateway(ns, gateway, linkIndex, table);
    if (typeof found !== 'number') return found;
    index = found;
  }
  if (index === null) return refuse('EINVAL', 'Egress device not specified');
  const node = ns.node(index)!;
  if (isLoopback(node.link)) return refuse('EINVAL', 'Egress device can not be loopback device for this route');
  if (linkIndex === null && isOwn(index)) return refuse('EINVAL', 'Gateway can not be a local address');
  return index;
}

/** ip6_route_check_nh_onlink */
function checkOnlink(ns: Namespace, gateway: string, linkIndex: number | null): number | Refusal {
  // The link is only a preference here: a better prefix by another link is a mismatch.
  const hit = lookUpInTable6(ns, RT_TABLE_MAIN, gateway, null);
  const isMismatch =
    hit !== undefined &&
    !isReject(hit.route) &&
    !isByLoopback(hit) &&
    !hit.route.destination.startsWith('::/') &&
    (hit.route.type !== RTN_UNICAST || !leadsBy(ns, hit.route, linkIndex));
  if (isMismatch) return refuse('EINVAL', 'Nexthop has invalid gateway or device mismatch');
  return linkIndex!;
}

/** True when some route of this table, prefix and metric leaves by the link. */
function leadsBy(ns: Namespace, { table, destination, priority }: Route, linkIndex: number | null): boolean {
  return ns.ipv6Routes.some(
    route =>
      route.table === table &&
      route.destination === destination &&
      route.priority === priority &&
      route.nexthops.some(hop => hop.linkIndex === linkIndex && (hop.flags & RTNH_F_DEAD) === 0),
  );
}

/** fib6_is_reject: a route by `lo` that is not for an address of ours drops packets. */
function isByLoopback({ route, leg }: Hit6): boolean {
  return leg?.linkIndex === 1 && route.type !== RTN_LOCAL && route.type !== RTN_ANYCAST;
}

/** ip6_route_check_nh: in the route's own table, else by the rules; not through another gateway. */
function findGateway(ns: Namespace, gateway: string, linkIndex: number | null, table: number): number | Refusal {
  const isFit = (hit: Hit6 | undefined): hit is Hit6 & { leg: Nexthop } =>
    hit !== undefined && hit.leg !== null && hit.leg.gateway === null && !isByLoopback(hit);
  const own = lookUpInTable6(ns, table, gateway, linkIndex);
  const hit = isFit(own) ? own : lookUp6(ns, gateway, linkIndex);
  if (!isFit(hit)) return refuse('EHOSTUNREACH');
  const index = hit.leg.linkIndex;
  if (index === null || (linkIndex !== null && index !== linkIndex)) return refuse('EHOSTUNREACH');
  return index;
}
