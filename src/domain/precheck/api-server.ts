import type { ApiServer } from '../api-server.ts';
import { formatServer } from '../api-server.ts';
import type { Finding } from '../finding.ts';
import { linkByIndex } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { standsOn } from '../link.ts';
import { formatIp, parseIp } from '../prefix.ts';
import { formatProbe } from '../request.ts';
import type { Route } from '../route.ts';
import { formatRoute, isDefault, RT_TABLE_MAIN } from '../route.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';
import { wayTo } from './route-lookup.ts';

/** Rules about an uplink that the host itself needs: for a secondary network, the wrong one, or one to be moved with all care (F-30). */
export const API_SERVER_RULES: readonly UplinkRule[] = [checkWay, checkSafePath];

/** Why the host needs the uplink, in words; undefined where it does not, as far as is known. */
function needOf(context: UplinkContext): string | undefined {
  const { apiServer } = context.request;
  return apiServer === undefined ? defaultRouteOf(context) : serverWayOf(context, apiServer);
}

function defaultRouteOf(context: UplinkContext): string | undefined {
  const route = context.kernel.routes.find(
    one => one.table === RT_TABLE_MAIN && isDefault(one) && isCarried(one, context),
  );
  return route === undefined ? undefined : `${describeVia(route, context)}${formatRoute(route)}`;
}

function serverWayOf(context: UplinkContext, server: ApiServer): string | undefined {
  const { kernel, uplink } = context;
  const known = server.addresses.filter(address => parseIp(address) !== undefined);
  if (known.length === 0) {
    const route = defaultRouteOf(context);
    return route === undefined
      ? undefined
      : `${route}; the name ${server.host} was not looked up, so the default route counts`;
  }
  for (const address of known) {
    const own = kernel.addresses.find(one => one.local === canonical(address));
    if (own?.linkIndex === uplink.index)
      return `${address} is an address of ${uplink.name} itself: the others reach it there`;
    const way = own === undefined ? wayTo(kernel, address, server.port) : { kind: 'local' as const };
    if (way.kind === 'local') {
      const route = defaultRouteOf(context);
      if (route !== undefined) return `${route}; the API server is on this host, so the way to the others counts`;
    }
    if (way.kind !== 'routes') continue;
    const route = way.routes.find(one => isCarried(one, context));
    if (route !== undefined) return `${describeVia(route, context)}${formatRoute(route)}`;
  }
  return undefined;
}

function canonical(address: string): string {
  return formatIp(parseIp(address) ?? []);
}

/** A leg of the route leaves by the uplink, by a link on top of it, or by the bond, team or bridge that it is a port of. */
function isCarried(route: Route, context: UplinkContext): boolean {
  return route.nexthops.some(hop => hop.linkIndex !== null && standsOnUplink(hop.linkIndex, context));
}

/** A chain of links is never this long; a loop of masters would be. */
const MAX_LEVELS = 8;

function standsOnUplink(index: number, { kernel, uplink }: UplinkContext): boolean {
  if (index === uplink.index) return true;
  let level: readonly Link[] = [uplink];
  for (let depth = 0; depth < MAX_LEVELS && level.length > 0; depth += 1) {
    const above = kernel.links.filter(link =>
      level.some(lower => standsOn(link, lower) || lower.master === link.index),
    );
    if (above.some(link => link.index === index)) return true;
    level = above;
  }
  return false;
}

function describeVia(route: Route, { kernel, uplink }: UplinkContext): string {
  const indexes = route.nexthops.map(hop => hop.linkIndex);
  if (indexes.includes(uplink.index)) return '';
  const link = indexes
    .map(index => (index === null ? undefined : linkByIndex(kernel, index)))
    .find(one => one !== undefined);
  return link === undefined ? '' : `by ${link.name} on top of it, `;
}

const GUARDS = {
  process: 'a guard takes the way back when this process dies',
  systemd: 'a guard takes the way back when this process dies',
  default: "the engine's own guard takes the way back when this process dies",
  none: 'no guard takes the way back when this process dies',
} as const;

/** What keeps the host reachable, as the request has it. */
function describeProtection({ request }: UplinkContext): string {
  const probes = request.probes.map(probe => `"${formatProbe(probe).slice(0, 60)}"`);
  const parts = [
    'no port is attached while flow-restore-wait is true',
    probes.length === 0
      ? 'no probe is asked afterwards'
      : `rolled back unless ${listed(probes)} ${probes.length === 1 ? 'passes' : 'pass'} as before`,
    GUARDS[request.guard ?? 'default'],
    ...(request.confirmWithinMs === null ? [] : ['rolled back unless it is confirmed in time']),
  ];
  return parts.join('; ');
}

function checkWay(context: UplinkContext): readonly Finding[] {
  const { request, uplink } = context;
  const need = needOf(context);
  if (need === undefined) return [];
  const { apiServer } = request;
  if (apiServer === undefined) {
    return [
      finding('uplink-carries-default-route', {
        message: `${uplink.name} carries the way out of this host (${need}). What protects it: ${describeProtection(context)}`,
        culprit: uplink.name,
        advice:
          'for a secondary network name a link of its own; name the API server with --api-server, so that the way to it counts',
      }),
    ];
  }
  const { host, port } = apiServer;
  const isProbed = request.probes.some(probe => probe.kind === 'tcp' && probe.host === host && probe.port === port);
  return [
    finding('uplink-carries-api-server', {
      message: `${uplink.name} carries the way to the API server ${formatServer(apiServer)} (${need}; from ${apiServer.from}). What protects it: ${describeProtection(context)}`,
      culprit: formatServer(apiServer),
      advice: isProbed
        ? 'for a secondary network name a link of its own'
        : `for a secondary network name a link of its own; else add --probe ${formatProbe({ kind: 'tcp', host, port })}, so that it is rolled back unless the API server answers`,
    }),
  ];
}

/** The way back must not depend on luck where it is the host's own way that is at stake. */
function checkSafePath(context: UplinkContext): readonly Finding[] {
  const { request, uplink } = context;
  const lacks = [
    ...(request.probes.length === 0 ? ['no probe tells whether the network still answers afterwards'] : []),
    ...(request.guard === 'none' ? [GUARDS.none] : []),
  ];
  if (lacks.length === 0) return [];
  const need = needOf(context);
  if (need === undefined) return [];
  return [
    finding('primary-uplink-unprotected', {
      message: `the host itself needs ${uplink.name} (${need}), and ${listed(lacks)}`,
      culprit: uplink.name,
      advice: `${request.probes.length === 0 ? 'give a --probe' : 'leave --guard none out'}, or accept it where somebody stands at the console`,
    }),
  ];
}
