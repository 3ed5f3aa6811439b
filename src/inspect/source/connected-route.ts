import type { Address } from '../../domain/address.ts';
import { IFA_F_NOPREFIXROUTE } from '../../domain/address.ts';
import { networkOf } from '../../domain/prefix.ts';
import type { Route } from '../../domain/route.ts';
import { plainRoute, RTPROT_KERNEL } from '../../domain/route.ts';

/** IP6_RT_PRIO_ADDRCONF */
const IPV6_METRIC = 256;

/** The route that the kernel makes by itself of an address; null where it makes none. */
export function connectedRoute(address: Address): Route | null {
  const { family, local, peer, prefixLength, linkIndex, metric, flags } = address;
  if ((flags & IFA_F_NOPREFIXROUTE) !== 0 || (prefixLength === (family === 4 ? 32 : 128) && peer === null)) return null;
  return {
    ...plainRoute(networkOf(peer ?? local, prefixLength), linkIndex),
    protocol: RTPROT_KERNEL,
    priority: metric ?? (family === 4 ? null : IPV6_METRIC),
    prefSrc: family === 4 ? local : null,
  };
}
