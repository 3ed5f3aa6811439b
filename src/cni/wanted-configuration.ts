import { RT_SCOPE_LINK, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN } from '../domain/route.ts';
import type { CniResult, ResultIp, ResultRoute } from './config/result-schema.ts';
import type { WantedConfiguration, WantedRoute } from './device-mover.ts';
import { canonicalIp, familyOf, readPrefix } from './ip-prefix.ts';

/** RTAX_* of linux/rtnetlink.h. */
const RTAX_MTU = 2;
const RTAX_ADVMSS = 8;

/** What an IPAM result asks to be put on the link. A route without a next hop goes by the first gateway of its family, as CNI says of `gw`. */
export function wantedConfiguration({ ips, routes }: Pick<CniResult, 'ips' | 'routes'>): WantedConfiguration {
  const addresses = ips.map(({ address }) => {
    const { family, address: local, length } = readPrefix(address)!;
    return { family, local, prefixLength: length };
  });
  return { addresses, routes: routes.map(route => wantedRoute(route, ips)) };
}

function wantedRoute(route: ResultRoute, ips: readonly ResultIp[]): WantedRoute {
  const { family, network } = readPrefix(route.dst)!;
  const gateway = gatewayOf(route.gw) ?? ips.map(ip => gatewayOf(ip.gateway)).find(ip => ip && familyOf(ip) === family);
  const defaultScope = family === 4 && gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  return {
    family,
    // Table 0 is none in particular (RT_TABLE_UNSPEC).
    table: route.table || RT_TABLE_MAIN,
    scope: route.scope ?? defaultScope,
    destination: network,
    priority: route.priority || null,
    metrics: {
      ...(route.mtu ? { [RTAX_MTU]: route.mtu } : {}),
      ...(route.advmss ? { [RTAX_ADVMSS]: route.advmss } : {}),
    },
    gateway: gateway ?? null,
  };
}

/** Canonical text of a gateway; undefined where there is none. */
export function gatewayOf(text: string | null | undefined): string | undefined {
  return text === undefined || text === null ? undefined : canonicalIp(text);
}
