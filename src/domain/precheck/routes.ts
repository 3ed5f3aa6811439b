import type { Finding } from '../finding.ts';
import type { Route } from '../route.ts';
import { formatRoute, RTPROT_KERNEL, RTPROT_RA, usesLink } from '../route.ts';
import { isKernelOwned } from '../snapshot.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about routes over the uplink, in all tables. */
export const ROUTE_RULES: readonly UplinkRule[] = [
  checkNexthopObjects,
  checkEncapsulation,
  checkAttachOnlyRoutes,
  checkRouterAdvertisements,
];

function routesOf({ kernel, uplink }: UplinkContext): readonly Route[] {
  return kernel.routes.filter(route => usesLink(route, uplink.index) && !isKernelOwned(route));
}

/** With net.ipv4.nexthop_compat_mode 0 the kernel does not say where a nexthop object leads: then it may be here. */
function checkNexthopObjects(context: UplinkContext): readonly Finding[] {
  if (context.names.hostPort === null) return [];
  const { kernel, uplink } = context;
  const routes = kernel.routes.filter(
    route =>
      route.nexthopId !== null &&
      !isKernelOwned(route) &&
      (route.nexthops.length === 0 || usesLink(route, uplink.index)),
  );
  const [first] = routes;
  if (first === undefined) return [];
  const isSure = routes.some(route => route.nexthops.length > 0);
  return [
    finding('route-nexthop-object', {
      message: `${describe(routes)} by a nexthop object (${first.nexthopId}), ${isSure ? `over ${uplink.name}` : `which may lead over ${uplink.name}`}: that is not moved`,
      culprit: formatRoute(first),
      advice: `put an ordinary route in its place; "ip nexthop show id ${first.nexthopId}" says where it leads`,
    }),
  ];
}

function describe(routes: readonly Route[]): string {
  const isOne = routes.length === 1;
  return `the route${isOne ? '' : 's'} ${listed(routes.map(formatRoute))} lead${isOne ? 's' : ''}`;
}

function checkEncapsulation(context: UplinkContext): readonly Finding[] {
  if (context.names.hostPort === null) return [];
  const routes = routesOf(context).filter(route => route.encapType !== null && route.encapType !== 0);
  const [first] = routes;
  if (first === undefined) return [];
  return [
    finding('route-lwtunnel', {
      message: `${describe(routes)} over ${context.uplink.name} with an encapsulation (type ${first.encapType}): that is not moved`,
      culprit: formatRoute(first),
      advice: 'remove it before the migration and add it to the host port afterwards',
    }),
  ];
}

function checkAttachOnlyRoutes(context: UplinkContext): readonly Finding[] {
  if (context.request.layout !== 'attach-only') return [];
  const routes = routesOf(context).filter(route => route.protocol !== RTPROT_KERNEL);
  if (routes.length === 0) return [];
  return [
    finding('attach-only-has-routes', {
      message: `layout attach-only moves no routes, so that these over ${context.uplink.name} lead nowhere: ${listed(routes.map(formatRoute))}`,
      culprit: context.uplink.name,
      advice: 'take layout host-port or bridge-port, or remove the routes',
    }),
  ];
}

function checkRouterAdvertisements(context: UplinkContext): readonly Finding[] {
  if (context.names.hostPort === null) return [];
  const routes = routesOf(context).filter(r => r.family === 6 && (r.protocol === RTPROT_RA || r.expiresS !== null));
  if (routes.length === 0) return [];
  const first = routes.reduce((least, route) => Math.min(least, route.expiresS ?? least), Number.POSITIVE_INFINITY);
  const soonest = Number.isFinite(first) ? ` (the first in ${first} s)` : '';
  return [
    finding('route-from-ra', {
      message: `${listed(routes.map(formatRoute))} over ${context.uplink.name} come${routes.length === 1 ? 's' : ''} from router advertisements and end${routes.length === 1 ? 's' : ''}${soonest} unless the host port takes the next one`,
      culprit: context.uplink.name,
      advice: `see that accept_ra is on for ${context.names.hostPort} (2 where the host forwards)`,
    }),
  ];
}
