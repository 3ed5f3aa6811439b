import { networkOf } from '../../../domain/prefix.ts';
import type { Nexthop, Route } from '../../../domain/route.ts';
import {
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTN_LOCAL,
  RTNH_F_ONLINK,
} from '../../../domain/route.ts';
import {
  familyOf,
  NotationError,
  numberOf,
  prefixOf,
  ROUTE_PROTOCOLS,
  SCOPES,
  TABLES,
  type Words,
  wordsOf,
} from './ip-words.ts';

/** A leg that names its link. */
export interface DescribedNexthop extends Omit<Nexthop, 'linkIndex'> {
  readonly dev: string | null;
}

/** A route before its links have indices. */
export interface DescribedRoute extends Omit<Route, 'nexthops'> {
  readonly nexthops: readonly DescribedNexthop[];
}

const TYPES: Readonly<Record<string, number>> = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
};
/** RTAX_* by the words of `ip route`. */
const METRICS: Readonly<Record<string, number>> = {
  mtu: 2,
  window: 3,
  rtt: 4,
  rttvar: 5,
  ssthresh: 6,
  cwnd: 7,
  advmss: 8,
  reordering: 9,
  hoplimit: 10,
  initcwnd: 11,
  features: 12,
  rto_min: 13,
  initrwnd: 14,
  quickack: 15,
};
const RTAX_CC_ALGO = 16;
const PREFERENCES = { medium: 0, high: 1, low: 3 } as const;
/** Metric of an IPv6 route for which none is given (IP6_RT_PRIO_USER). */
const IPV6_PRIORITY = 1024;
const RTN_BLACKHOLE = 6;

type Draft = { -readonly [K in keyof DescribedRoute]: DescribedRoute[K] };
type Leg = { -readonly [K in keyof DescribedNexthop]: DescribedNexthop[K] };

/**
 * Reads one route in the notation of `ip route add`: `default via 10.9.0.1 dev eth0 metric 100 table 200`, several legs with
 * `nexthop via … dev … weight 2`. The family follows from the addresses; the IPv6 default without a gateway is `::/0`. What is not said
 * is as `ip` does it.
 */
export function parseRoute(line: string): DescribedRoute {
  const words = wordsOf(line);
  const type = TYPES[words.peek() ?? ''];
  if (type !== undefined) words.take('a type');
  const target = words.take('a destination');
  const prefix = target === 'default' ? undefined : prefixOf(target, 'the destination');
  const family = prefix?.family ?? familyOfGateway(line) ?? 4;
  const any = family === 6 ? '::/0' : '0.0.0.0/0';
  const route: Draft = {
    family,
    table: RT_TABLE_MAIN,
    type: type ?? 1,
    protocol: ROUTE_PROTOCOLS.boot,
    scope: -1,
    tos: 0,
    destination: prefix === undefined ? any : networkOf(prefix.address, prefix.length),
    source: null,
    priority: family === 6 ? IPV6_PRIORITY : null,
    prefSrc: null,
    flags: 0,
    preference: family === 6 ? 0 : null,
    metrics: {},
    nexthops: [],
    nexthopId: null,
    encapType: null,
    expiresS: null,
  };
  const legs: Leg[] = [];
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    if (words.skip('nexthop')) legs.push({ dev: null, gateway: null, gatewayFamily: null, weight: 1, flags: 0 });
    else if (!readLegWord(words, word, legs)) readWord(words, word, route);
  }
  if (legs.length === 0 && route.type < RTN_BLACKHOLE) throw new NotationError(`the route "${line}" has no link`);
  for (const leg of legs) {
    if (leg.dev === null) throw new NotationError(`a leg of the route "${line}" has no link`);
  }
  route.nexthops = legs;
  if (route.scope < 0) route.scope = defaultScope(route);
  if (route.type === RTN_LOCAL && route.table === RT_TABLE_MAIN) route.table = RT_TABLE_LOCAL;
  return route;
}

function familyOfGateway(line: string): 4 | 6 | undefined {
  const via = /\bvia (?:inet6? )?(\S+)/.exec(line)?.[1];
  return via === undefined ? undefined : familyOf(via);
}

function defaultScope(route: DescribedRoute): number {
  if (route.family === 6 || route.type >= RTN_BLACKHOLE) return 0;
  if (route.type === RTN_LOCAL) return RT_SCOPE_HOST;
  return route.nexthops.some(leg => leg.gateway !== null) ? 0 : RT_SCOPE_LINK;
}

function readLegWord(words: Words, word: string, legs: Leg[]): boolean {
  if (!['via', 'dev', 'weight', 'onlink'].includes(word)) return false;
  words.take('a word');
  if (legs.length === 0) legs.push({ dev: null, gateway: null, gatewayFamily: null, weight: 1, flags: 0 });
  const leg = legs.at(-1)!;
  switch (word) {
    case 'via': {
      const said = words.skip('inet6') ? 6 : words.skip('inet') ? 4 : undefined;
      leg.gateway = words.ip('the gateway', said);
      leg.gatewayFamily = familyOf(leg.gateway) ?? null;
      break;
    }
    case 'dev':
      leg.dev = words.take('the link');
      break;
    case 'weight':
      leg.weight = words.number('the weight', 256);
      break;
    default:
      leg.flags |= RTNH_F_ONLINK;
  }
  return true;
}

function readWord(words: Words, word: string, route: Draft): void {
  words.take('a word');
  const metric = METRICS[word];
  if (metric !== undefined) {
    route.metrics = { ...route.metrics, [metric]: words.number(`the ${word}`) };
    return;
  }
  switch (word) {
    case 'table':
      route.table = numberOf(words.take('the table'), TABLES, 'the table');
      break;
    case 'proto':
      route.protocol = numberOf(words.take('the protocol'), ROUTE_PROTOCOLS, 'the protocol');
      break;
    case 'scope':
      route.scope = numberOf(words.take('the scope'), SCOPES, 'the scope');
      break;
    case 'tos':
      route.tos = words.number('the tos', 255);
      break;
    case 'from': {
      const prefix = prefixOf(words.take('the source'), 'the source');
      route.source = networkOf(prefix.address, prefix.length);
      break;
    }
    case 'metric':
      route.priority = words.number('the metric');
      break;
    case 'src':
      route.prefSrc = words.ip('the preferred source', route.family);
      break;
    case 'pref':
      route.preference = numberOf(words.take('the preference'), PREFERENCES, 'the preference');
      break;
    case 'congctl':
      route.metrics = { ...route.metrics, [RTAX_CC_ALGO]: words.take('the congestion control') };
      break;
    case 'expires':
      route.expiresS = words.number('the expiry in seconds');
      break;
    default:
      throw new NotationError(`"${word}" is not known of a route`);
  }
}
