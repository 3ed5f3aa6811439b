/** One leg of a route. */
export interface Nexthop {
  readonly linkIndex: number | null;
  /** RTA_GATEWAY or RTA_VIA; the family may differ from the route's (RFC 5549). */
  readonly gateway: string | null;
  readonly gatewayFamily: 4 | 6 | null;
  /** 1 to 256, as `ip` prints it (`rtnh_hops` + 1). */
  readonly weight: number;
  /** RTNH_F_* bits as read; DEAD (1), LINKDOWN (16) and the offload bits are the kernel's and never sent back. */
  readonly flags: number;
}

/** A route of any table and type (RTM_NEWROUTE); plain JSON. */
export interface Route {
  readonly family: 4 | 6;
  /** RTA_TABLE. 254 main, 255 local. */
  readonly table: number;
  /** RTN_*: 1 unicast, 2 local, 3 broadcast, 4 anycast, 5 multicast, 6 blackhole, 7 unreachable, 8 prohibit, 9 throw. */
  readonly type: number;
  /** RTPROT_*: 2 kernel, 3 boot, 4 static, 9 ra, 16 dhcp, … */
  readonly protocol: number;
  /** RT_SCOPE_*; IPv6 is always 0. */
  readonly scope: number;
  readonly tos: number;
  /** `10.0.0.0/8`; `0.0.0.0/0` and `::/0` for the default. */
  readonly destination: string;
  /** Source prefix of a source-specific IPv6 route; null where none. */
  readonly source: string | null;
  /** RTA_PRIORITY, the metric; null stands for 0 (IPv4). */
  readonly priority: number | null;
  readonly prefSrc: string | null;
  /** RTM_F_* bits of `rtm_flags` without RTNH_F_*. */
  readonly flags: number;
  /** RFC 4191 preference (IPv6): 0 medium, 1 high, 3 low; null where the kernel does not say. */
  readonly preference: number | null;
  /** RTAX_* number to value, for instance `{"2": 1400}` for mtu. RTAX_CC_ALGO is a string. */
  readonly metrics: Readonly<Record<string, number | string>>;
  /** One leg for an ordinary route, several for multipath, none for blackhole and its like. */
  readonly nexthops: readonly Nexthop[];
  /** RTA_NH_ID: the route uses a nexthop object. */
  readonly nexthopId: number | null;
  /** RTA_ENCAP_TYPE (lwtunnel): read, never written. */
  readonly encapType: number | null;
  /** Seconds left of an expiring IPv6 route (rta_cacheinfo); null for ever. */
  readonly expiresS: number | null;
}

export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
export const RTPROT_KERNEL = 2;
export const RTPROT_BOOT = 3;
export const RTPROT_STATIC = 4;
export const RTPROT_RA = 9;
export const RTN_UNICAST = 1;
export const RTN_LOCAL = 2;
export const RTN_BROADCAST = 3;
export const RTN_ANYCAST = 4;
export const RTN_MULTICAST = 5;
export const RTNH_F_DEAD = 1;
export const RTNH_F_PERVASIVE = 2;
export const RTNH_F_ONLINK = 4;
export const RTNH_F_LINKDOWN = 16;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_LINK = 253;
export const RT_SCOPE_HOST = 254;

/** What `ip route add` makes of a destination, a link and a gateway, without further options. */
export function plainRoute(destination: string, linkIndex: number, gateway: string | null = null): Route {
  const family = destination.includes(':') ? 6 : 4;
  return {
    family,
    table: RT_TABLE_MAIN,
    type: RTN_UNICAST,
    protocol: RTPROT_BOOT,
    scope: family === 4 && gateway === null ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
    tos: 0,
    destination,
    source: null,
    priority: null,
    prefSrc: null,
    flags: 0,
    preference: null,
    metrics: {},
    nexthops: [{ linkIndex, gateway, gatewayFamily: gateway === null ? null : family, weight: 1, flags: 0 }],
    nexthopId: null,
    encapType: null,
    expiresS: null,
  };
}

/** True when a leg of the route leaves by the link. */
export function usesLink(route: Route, linkIndex: number): boolean {
  return route.nexthops.some(hop => hop.linkIndex === linkIndex);
}

/** True for `0.0.0.0/0` and `::/0`. */
export function isDefault(route: Pick<Route, 'destination'>): boolean {
  return route.destination === '0.0.0.0/0' || route.destination === '::/0';
}

/** `default via 10.9.0.1 table main metric 100`: short, for people. */
export function formatRoute(route: Route): string {
  const types: Record<number, string> = {
    2: 'local ',
    3: 'broadcast ',
    4: 'anycast ',
    5: 'multicast ',
    6: 'blackhole ',
    7: 'unreachable ',
    8: 'prohibit ',
    9: 'throw ',
  };
  let text =
    (types[route.type] ?? '') +
    (isDefault(route) ? (route.family === 6 ? 'default (IPv6)' : 'default') : route.destination);
  for (const hop of route.nexthops) {
    if (route.nexthops.length > 1) text += ' nexthop';
    if (hop.gateway !== null) text += ` via ${hop.gateway}`;
    else if (route.nexthops.length > 1) text += ` link ${hop.linkIndex}`;
  }
  if (route.source !== null) text += ` from ${route.source}`;
  if (route.prefSrc !== null) text += ` src ${route.prefSrc}`;
  if (route.table !== RT_TABLE_MAIN) text += ` table ${route.table === RT_TABLE_LOCAL ? 'local' : route.table}`;
  if (route.priority !== null && route.priority !== 0) text += ` metric ${route.priority}`;
  return text;
}
