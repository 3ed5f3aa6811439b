import type { Route } from '../../../domain/route.ts';
import { RT_SCOPE_HOST, RT_TABLE_MAIN, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import type { Namespace } from './namespace.ts';

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

/** fib_sync_down_addr: flushes the routes of table main that say to use an address which is gone as their source. */
export function flushIpv4Source(ns: Namespace, address: string): void {
  const kept = ns.ipv4Routes.filter(route => route.prefSrc !== address || route.table !== RT_TABLE_MAIN);
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
