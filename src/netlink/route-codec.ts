import type { Nexthop, Route } from '../domain/route.ts';
import { ipText, ipv4Text } from './ip-text.ts';
import {
  CLOCK_TICKS_PER_SECOND,
  RTA_CACHEINFO,
  RTA_DST,
  RTA_ENCAP_TYPE,
  RTA_GATEWAY,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_NH_ID,
  RTA_OIF,
  RTA_PREF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SRC,
  RTA_TABLE,
  RTA_VIA,
  RTAX_CC_ALGO,
  RTM_F_CLONED,
  RTMSG,
  RTNEXTHOP,
  RTNH_FLAGS_MASK,
} from './route-attributes.ts';
import { familyOfAf } from './rtnetlink.ts';
import {
  forEachAttribute,
  malformed,
  NLA_TYPE_MASK,
  NLMSG_HEADER,
  needLength,
  readString,
  readU8,
  readU32,
  type Wire,
} from './wire.ts';

const NO_METRICS: Route['metrics'] = Object.freeze({});
const NO_NEXTHOPS: Route['nexthops'] = Object.freeze([]);
/** Types that drop packets. IPv6 shows them on `lo`, which is no leg of theirs. */
const RTN_BLACKHOLE = 6;
const RTN_THROW = 9;

/**
 * Decodes RTM_NEWROUTE or RTM_DELROUTE; undefined for other families and for cached entries. Throws NETLINK_MALFORMED.
 * Hand-rolled loop: this runs a million times in a big dump.
 */
export function decodeRoute(wire: Wire, at: number, end: number): Route | undefined {
  const { u8, u16, u32 } = wire;
  const body = at + NLMSG_HEADER;
  if (end - body < RTMSG) throw malformed('route', `${end - body} bytes`);
  const family = familyOfAf(u8[body]!);
  const rtmFlags = u32[(body + 8) >> 2]!;
  if (family === undefined || (rtmFlags & RTM_F_CLONED) !== 0) return undefined;
  const size = family === 4 ? 4 : 16;
  const type = u8[body + 7]!;
  let table = u8[body + 4]!;
  let destination = 0;
  let source = 0;
  let oif = 0;
  let gateway: string | null = null;
  let gatewayFamily: 4 | 6 | null = null;
  let priority: number | null = null;
  let prefSrc: string | null = null;
  let preference: number | null = null;
  let metrics = NO_METRICS;
  let legs: Nexthop[] | undefined;
  let nexthopId: number | null = null;
  let encapType: number | null = null;
  let expiresS: number | null = null;
  for (let p = body + RTMSG; p + 4 <= end; ) {
    const length = u16[p >> 1]!;
    if (length < 4 || p + length > end)
      throw malformed('route attribute', `length ${length} where ${end - p} bytes are left`);
    const offset = p + 4;
    switch (u16[(p >> 1) + 1]! & NLA_TYPE_MASK) {
      case RTA_TABLE:
        table = readU32(wire, offset, length - 4);
        break;
      case RTA_DST:
        needLength('RTA_DST', length - 4, size);
        destination = offset;
        break;
      case RTA_SRC:
        needLength('RTA_SRC', length - 4, size);
        source = offset;
        break;
      case RTA_OIF:
        oif = readU32(wire, offset, length - 4);
        break;
      case RTA_PRIORITY:
        priority = readU32(wire, offset, length - 4);
        break;
      case RTA_GATEWAY:
        needLength('RTA_GATEWAY', length - 4, size);
        gateway = ipText(family, u8, offset);
        gatewayFamily = family;
        break;
      case RTA_VIA: {
        const via = decodeVia(wire, offset, length - 4);
        gateway = via.gateway;
        gatewayFamily = via.family;
        break;
      }
      case RTA_PREFSRC:
        needLength('RTA_PREFSRC', length - 4, size);
        prefSrc = ipText(family, u8, offset);
        break;
      case RTA_PREF:
        preference = readU8(wire, offset, length - 4);
        break;
      case RTA_METRICS:
        metrics = decodeMetrics(wire, offset, length - 4);
        break;
      case RTA_MULTIPATH:
        legs = decodeMultipath(wire, family, offset, length - 4, foundEncap => {
          encapType ??= foundEncap;
        });
        break;
      case RTA_NH_ID:
        nexthopId = readU32(wire, offset, length - 4);
        break;
      case RTA_ENCAP_TYPE:
        needLength('RTA_ENCAP_TYPE', length - 4, 2);
        encapType = u16[offset >> 1]!;
        break;
      case RTA_CACHEINFO:
        expiresS = decodeExpiry(wire, offset, length - 4);
        break;
    }
    p += (length + 3) & ~3;
  }
  let nexthops: readonly Nexthop[] = legs ?? NO_NEXTHOPS;
  if (legs === undefined && (oif !== 0 || gateway !== null) && (type < RTN_BLACKHOLE || type > RTN_THROW)) {
    nexthops = [
      { linkIndex: oif === 0 ? null : oif, gateway, gatewayFamily, weight: 1, flags: rtmFlags & RTNH_FLAGS_MASK },
    ];
  }
  return {
    family,
    table,
    type,
    protocol: u8[body + 5]!,
    scope: u8[body + 6]!,
    tos: u8[body + 3]!,
    destination: prefixText(family, u8, destination, u8[body + 1]!),
    source: u8[body + 2] === 0 ? null : prefixText(family, u8, source, u8[body + 2]!),
    priority,
    prefSrc,
    flags: (rtmFlags & ~RTNH_FLAGS_MASK) >>> 0,
    preference,
    metrics,
    nexthops,
    nexthopId,
    encapType,
    expiresS,
  };
}

function prefixText(family: 4 | 6, bytes: Uint8Array, offset: number, length: number): string {
  if (offset === 0) return family === 4 ? `0.0.0.0/${length}` : `::/${length}`;
  return family === 4 ? `${ipv4Text(bytes, offset)}/${length}` : `${ipText(6, bytes, offset)}/${length}`;
}

/** RTA_VIA: struct rtvia, an AF_* and an address: how an IPv4 route gets an IPv6 gateway (RFC 5549). */
function decodeVia(wire: Wire, offset: number, length: number): { gateway: string; family: 4 | 6 } {
  needLength('RTA_VIA', length, 6);
  const family = familyOfAf(wire.u16[offset >> 1]!);
  if (family === undefined) throw malformed('RTA_VIA', `address family ${wire.u16[offset >> 1]}`);
  needLength('RTA_VIA', length, family === 4 ? 6 : 18);
  return { gateway: ipText(family, wire.u8, offset + 2), family };
}

function decodeMetrics(wire: Wire, offset: number, length: number): Record<string, number | string> {
  const metrics: Record<string, number | string> = {};
  forEachAttribute(wire, offset, offset + length, (type, at, size) => {
    metrics[type] = type === RTAX_CC_ALGO ? readString(wire, at, size) : readU32(wire, at, size);
  });
  return metrics;
}

/** rta_cacheinfo.rta_expires: ticks left, 0 for never; negative for an entry that waits to be collected. */
function decodeExpiry(wire: Wire, offset: number, length: number): number | null {
  needLength('RTA_CACHEINFO', length, 12);
  const ticks = wire.i32[(offset + 8) >> 2]!;
  return ticks === 0 ? null : Math.max(0, Math.round(ticks / CLOCK_TICKS_PER_SECOND));
}

function decodeMultipath(
  wire: Wire,
  family: 4 | 6,
  offset: number,
  length: number,
  onEncap: (type: number) => void,
): Nexthop[] {
  const legs: Nexthop[] = [];
  for (let p = offset; p + RTNEXTHOP <= offset + length; ) {
    const size = wire.u16[p >> 1]!;
    if (size < RTNEXTHOP || p + size > offset + length) {
      throw malformed('multipath leg', `length ${size} where ${offset + length - p} bytes are left`);
    }
    let gateway: string | null = null;
    let gatewayFamily: 4 | 6 | null = null;
    forEachAttribute(wire, p + RTNEXTHOP, p + size, (type, at, bytes) => {
      if (type === RTA_GATEWAY) {
        needLength('RTA_GATEWAY', bytes, family === 4 ? 4 : 16);
        gateway = ipText(family, wire.u8, at);
        gatewayFamily = family;
      } else if (type === RTA_VIA) {
        const via = decodeVia(wire, at, bytes);
        gateway = via.gateway;
        gatewayFamily = via.family;
      } else if (type === RTA_ENCAP_TYPE) {
        onEncap(wire.u16[at >> 1]!);
      }
    });
    legs.push({
      linkIndex: wire.i32[(p + 4) >> 2]! || null,
      gateway,
      gatewayFamily,
      weight: wire.u8[p + 3]! + 1,
      flags: wire.u8[p + 2]!,
    });
    p += (size + 3) & ~3;
  }
  return legs;
}
