import type { Route } from '../../../domain/route.ts';
import { RTN_LOCAL, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { isOwnAddress } from './ipv6-lookup.ts';
import { dropExpiry, LOOPBACK_INDEX } from './ipv6-routes.ts';
import type { Namespace } from './namespace.ts';

/** fib6_ifdown: routes by the link go; a multipath one stays, with a dead leg, while another leg lives. */
export function flushIpv6Link(ns: Namespace, linkIndex: number, how: 'down' | 'unregister'): void {
  const left: Route[] = [];
  let changed = false;
  for (const route of ns.ipv6Routes) {
    if (!route.nexthops.some(hop => hop.linkIndex === linkIndex)) {
      left.push(route);
      continue;
    }
    changed = true;
    const nexthops =
      how === 'unregister'
        ? route.nexthops.filter(hop => hop.linkIndex !== linkIndex)
        : route.nexthops.map(hop =>
            hop.linkIndex === linkIndex ? { ...hop, flags: hop.flags | RTNH_F_DEAD | RTNH_F_LINKDOWN } : hop,
          );
    if (nexthops.some(hop => (hop.flags & RTNH_F_DEAD) === 0)) left.push({ ...route, nexthops });
    else dropExpiry(ns, route);
  }
  if (changed) ns.setIpv6Routes(left);
}

/** Sets and clears leg flags on a link: the carrier came or went, or the link is up again. */
export function markIpv6Legs(ns: Namespace, linkIndex: number, set: number, clear: number): void {
  let changed = false;
  const routes = ns.ipv6Routes.map(route => {
    if (route.type === RTN_LOCAL || !route.nexthops.some(hop => hop.linkIndex === linkIndex)) return route;
    const nexthops = route.nexthops.map(hop => {
      const flags = (hop.flags | set) & ~clear;
      return hop.linkIndex !== linkIndex || flags === hop.flags ? hop : { ...hop, flags };
    });
    if (nexthops.every((hop, i) => hop === route.nexthops[i])) return route;
    changed = true;
    const made = { ...route, nexthops };
    const expiry = ns.routeExpiry.get(route);
    if (expiry !== undefined) {
      ns.routeExpiry.delete(route);
      ns.routeExpiry.set(made, expiry);
    }
    return made;
  });
  if (changed) ns.setIpv6Routes(routes);
}

/**
 * rt6_remove_prefsrc, when a link has lost an address: routes lose a source that is no address of ours any more; before 6.6 those by that link do, and
 * no others, wherever else the address is. What is told of kernels here is only whether they are from before 6.2.
 */
export function stripSource(ns: Namespace, address: string, linkIndex: number): void {
  if (!ns.ipv6Routes.some(route => route.prefSrc === address)) return;
  const keeps = ({ nexthops: [leg] }: Route): boolean =>
    ns.liveRename
      ? isOwnAddress(ns, address, leg?.linkIndex ?? null, false)
      : (leg?.linkIndex ?? LOOPBACK_INDEX) !== linkIndex;
  ns.setIpv6Routes(
    ns.ipv6Routes.map(route => (route.prefSrc !== address || keeps(route) ? route : { ...route, prefSrc: null })),
  );
}
