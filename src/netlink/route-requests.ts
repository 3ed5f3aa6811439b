import { formatRoute, type Nexthop, type Route, RTNH_F_ONLINK } from '../domain/route.ts';
import { uplinkError } from '../errors.ts';
import { ipBytes, prefixBytes } from './ip-text.ts';
import { MessageWriter } from './message-writer.ts';
import { change, type NetlinkRequest } from './request.ts';
import {
  RTA_DST,
  RTA_EXPIRES,
  RTA_GATEWAY,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SRC,
  RTA_TABLE,
  RTA_VIA,
  RTMSG,
  RTNEXTHOP,
} from './route-attributes.ts';
import { afOf, RTM_DELROUTE, RTM_NEWROUTE } from './rtnetlink.ts';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './wire.ts';

/**
 * How a route meets one with the same key: `create` refuses (EEXIST), `replace` takes its place, `append` and `prepend`
 * stand after or before it (IPv4), or join it as a further leg (IPv6).
 */
export type RouteMode = 'create' | 'replace' | 'append' | 'prepend';

const MODE_FLAGS: Record<RouteMode, number> = {
  create: NLM_F_CREATE | NLM_F_EXCL,
  replace: NLM_F_CREATE | NLM_F_REPLACE,
  append: NLM_F_CREATE | NLM_F_APPEND,
  prepend: NLM_F_CREATE,
};

const RT_TABLE_COMPAT = 252;
/** The only leg flag that user space may set; DEAD and LINKDOWN are refused with EINVAL, the rest says what hardware does. */
const SETTABLE_LEG_FLAGS = RTNH_F_ONLINK;

function refuseUnsupported(what: string, route: Route): void {
  const reason =
    route.nexthopId !== null
      ? `nexthop object ${route.nexthopId}`
      : route.encapType !== null
        ? `encapsulation type ${route.encapType}`
        : undefined;
  if (reason === undefined) return;
  throw uplinkError('UNSUPPORTED', {
    what,
    object: formatRoute(route),
    expected: 'a route with plain nexthops',
    got: reason,
    advice: 'remove or change this route, then try again',
  });
}

function writeRoute(route: Route, forDelete: boolean): Uint8Array {
  const destination = prefixBytes(route.destination, route.family);
  const source = route.source === null ? null : prefixBytes(route.source, route.family);
  const single = route.nexthops.length === 1 ? route.nexthops[0]! : undefined;
  const writer = new MessageWriter().header(RTMSG, (view, at, le) => {
    view.setUint8(at, afOf(route.family));
    view.setUint8(at + 1, destination.length);
    view.setUint8(at + 2, source?.length ?? 0);
    view.setUint8(at + 3, route.tos);
    view.setUint8(at + 4, route.table < 256 ? route.table : RT_TABLE_COMPAT);
    view.setUint8(at + 5, route.protocol);
    view.setUint8(at + 6, route.scope);
    view.setUint8(at + 7, route.type);
    view.setUint32(at + 8, (single?.flags ?? 0) & SETTABLE_LEG_FLAGS, le);
  });
  writer.u32(RTA_TABLE, route.table);
  if (destination.length > 0) writer.bytes(RTA_DST, destination.bytes);
  if (source !== null) writer.bytes(RTA_SRC, source.bytes);
  if (route.priority !== null) writer.u32(RTA_PRIORITY, route.priority);
  if (route.prefSrc !== null) writer.bytes(RTA_PREFSRC, ipBytes(route.prefSrc, route.family));
  if (single !== undefined) writeLeg(writer, route, single, true);
  else if (route.nexthops.length > 1) writer.nested(RTA_MULTIPATH, list => writeLegs(list, route));
  // A delete matches by key and legs; metrics would only make it miss (IPv4) and the rest is not looked at.
  if (!forDelete) {
    if (Object.keys(route.metrics).length > 0) writer.nested(RTA_METRICS, list => writeMetrics(list, route.metrics));
    if (route.preference !== null && route.family === 6) writer.u8(RTA_PREF, route.preference);
    if (route.expiresS !== null && route.family === 6) writer.u32(RTA_EXPIRES, route.expiresS);
  }
  return writer.finish();
}

function writeLeg(writer: MessageWriter, route: Route, leg: Nexthop, withLink: boolean): void {
  if (withLink && leg.linkIndex !== null) writer.u32(RTA_OIF, leg.linkIndex);
  if (leg.gateway === null) return;
  const family = leg.gatewayFamily ?? route.family;
  const gateway = ipBytes(leg.gateway, family);
  if (family === route.family) {
    writer.bytes(RTA_GATEWAY, gateway);
    return;
  }
  const via = new Uint8Array(2 + gateway.length);
  new Uint16Array(via.buffer, 0, 1)[0] = afOf(family);
  via.set(gateway, 2);
  writer.bytes(RTA_VIA, via);
}

function writeLegs(list: MessageWriter, route: Route): void {
  for (const leg of route.nexthops) {
    list.sized(
      RTNEXTHOP,
      (view, at, le) => {
        view.setUint8(at + 2, leg.flags & SETTABLE_LEG_FLAGS);
        view.setUint8(at + 3, leg.weight - 1);
        view.setInt32(at + 4, leg.linkIndex ?? 0, le);
      },
      attributes => writeLeg(attributes, route, leg, false),
    );
  }
}

function writeMetrics(list: MessageWriter, metrics: Route['metrics']): void {
  for (const [type, value] of Object.entries(metrics)) {
    if (typeof value === 'string') list.string(Number(type), value);
    else list.u32(Number(type), value);
  }
}

/** Builds the request of `addRoute`. Throws UNSUPPORTED for nexthop objects and encapsulation. */
export function addRouteRequest(route: Route, mode: RouteMode): NetlinkRequest {
  refuseUnsupported('cannot add route', route);
  return change('cannot add route', formatRoute(route), RTM_NEWROUTE, MODE_FLAGS[mode], writeRoute(route, false));
}

/** Builds the request of `removeRoute`. Throws UNSUPPORTED for nexthop objects and encapsulation. */
export function removeRouteRequest(route: Route): NetlinkRequest {
  refuseUnsupported('cannot remove route', route);
  return change('cannot remove route', formatRoute(route), RTM_DELROUTE, 0, writeRoute(route, true));
}

/** Family header and filter of a route dump. */
export function routeDumpPayload(family: 4 | 6, table: number | undefined): Uint8Array {
  const writer = new MessageWriter().header(RTMSG, (view, at) => view.setUint8(at, afOf(family)));
  if (table !== undefined) writer.u32(RTA_TABLE, table);
  return writer.finish();
}
