import { isUp } from '../../../domain/link.ts';
import type { Nexthop, Route } from '../../../domain/route.ts';
import {
  RT_SCOPE_LINK,
  RT_TABLE_MAIN,
  RTN_LOCAL,
  RTN_UNICAST,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
} from '../../../domain/route.ts';
import { addressType, lookUpGateway } from './ipv4-lookup.ts';
import type { Namespace } from './namespace.ts';
import { runs } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** A route that names neither link nor gateway. */
export const NO_LEG: Nexthop = { linkIndex: null, gateway: null, gatewayFamily: null, weight: 1, flags: 0 };

/** fib_check_nh: is the link up, is the gateway on it? */
export function checkLeg(ns: Namespace, leg: Nexthop, { scope, table }: Route): Nexthop | Refusal {
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
export function isValidSource(ns: Namespace, route: Route, source: string): boolean {
  if (route.type === RTN_LOCAL && route.destination === `${source}/32`) return true;
  if (route.table !== RT_TABLE_MAIN && addressType(ns, source, route.table) === RTN_LOCAL) return true;
  return addressType(ns, source) === RTN_LOCAL;
}
