import type { Address } from '../../domain/address.ts';
import { IFA_F_NOPREFIXROUTE } from '../../domain/address.ts';
import { networkOf } from '../../domain/prefix.ts';
import type { Route } from '../../domain/route.ts';
import { RT_SCOPE_LINK, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTN_UNICAST, RTPROT_KERNEL } from '../../domain/route.ts';

/** IP6_RT_PRIO_ADDRCONF */
const IPV6_METRIC = 256;

/** The route that the kernel makes by itself of an address; null where it makes none. */
export function connectedRoute(address: Address): Route | null {
  const { family, local, peer, prefixLength, linkIndex, metric, flags } = address;
  if ((flags & IFA_F_NOPREFIXROUTE) !== 0 || (prefixLength === (family === 4 ? 32 : 128) && peer === null)) return null;
  return {
    family,
    table: RT_TABLE_MAIN,
    type: RTN_UNICAST,
    protocol: RTPROT_KERNEL,
    scope: family === 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
    tos: 0,
    destination: networkOf(peer ?? local, prefixLength),
    source: null,
    priority: metric ?? (family === 4 ? null : IPV6_METRIC),
    prefSrc: family === 4 ? local : null,
    flags: 0,
    preference: null,
    metrics: {},
    nexthops: [{ linkIndex, gateway: null, gatewayFamily: null, weight: 1, flags: 0 }],
    nexthopId: null,
    encapType: null,
    expiresS: null,
  };
}
