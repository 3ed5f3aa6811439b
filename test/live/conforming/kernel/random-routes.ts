import fc from 'fast-check';
import type { Nexthop, Route } from '../../../../src/domain/route.ts';
import type { Rule } from '../../../../src/domain/rule.ts';
import { mostly, name, notLoopback } from './random-links.ts';

function gateway(family: 4 | 6): fc.Arbitrary<Pick<Nexthop, 'gateway' | 'gatewayFamily'>> {
  const all =
    family === 4
      ? ['10.1.0.9', '10.1.0.8', '10.2.0.9', '10.3.0.1', '10.1.0.1', '10.99.0.1', '224.0.0.1']
      : ['fd01::9', 'fd01::8', 'fd02::9', 'fd03::1', 'fe80::9', 'fd01::1', 'fd99::1', 'ff02::1'];
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({ gateway: null, gatewayFamily: null }) },
    { weight: 5, arbitrary: fc.constantFrom(...all.slice(0, 3)).map(g => ({ gateway: g, gatewayFamily: family })) },
    { weight: 1, arbitrary: fc.constantFrom(...all).map(g => ({ gateway: g, gatewayFamily: family })) },
  );
}

function leg(family: 4 | 6, single: boolean): fc.Arbitrary<Nexthop> {
  return fc
    .record({
      at: gateway(family),
      link: notLoopback,
      bare: mostly(false, true),
      flags: mostly(0, 4),
      weight: single ? fc.constant(1) : fc.constantFrom(1, 2),
    })
    .map(({ at, link: index, bare, flags, weight }) => ({
      ...at,
      linkIndex: bare && at.gateway !== null ? null : index,
      flags: at.gateway === null ? 0 : flags,
      weight,
    }));
}

/** A route of few destinations and tables. */
export function routeArb(family: 4 | 6): fc.Arbitrary<Route> {
  const v4 = family === 4;
  return fc
    .record({
      table: mostly(254, 100, 1000),
      type: mostly(1, 1, 6, 7, 8, 9),
      protocol: mostly(4, 3, 2, 16),
      scope: fc.option(fc.constantFrom(0, 253, 254, 200), { freq: 12, nil: null }),
      tos: v4 ? mostly(0, 0, 16) : fc.constant(0),
      destination: v4
        ? fc.constantFrom('0.0.0.0/0', '10.1.0.0/24', '10.3.0.0/16', '10.3.3.0/24', '192.0.2.1/32', '10.0.0.0/8')
        : fc.constantFrom('::/0', 'fd01::/64', 'fd03::/48', 'fd03:0:0:1::/64', 'fd05::1/128', 'fd00::/8'),
      priority: mostly<number | null>(null, 100, 50, v4 ? 0 : 1024),
      prefSrc: v4
        ? mostly<string | null>(null, '10.1.0.1', '10.1.0.2', '10.2.0.1')
        : mostly<string | null>(null, 'fd01::1', 'fd01::2', 'fd02::1', 'fe80::5'),
      preference: v4 ? fc.constant(null) : mostly<number | null>(null, 0, 1, 3),
      metrics: mostly<Route['metrics']>({}, { 2: 1400 }, { 2: 1300, 8: 1200 }),
      legs: fc.oneof(
        { weight: 6, arbitrary: fc.tuple(leg(family, true)) },
        { weight: 2, arbitrary: fc.array(leg(family, false), { minLength: 2, maxLength: 3, size: 'max' }) },
      ),
      expiresS: v4 ? fc.constant(null) : mostly<number | null>(null, 5000),
    })
    .map(({ legs, scope, ...rest }) => {
      const nexthops = rest.type >= 6 && rest.type <= 9 ? [] : legs;
      const usual = v4 && nexthops.length > 0 && nexthops.every(hop => hop.gateway === null) ? 253 : 0;
      return {
        family,
        ...rest,
        scope: v4 ? (scope ?? usual) : 0,
        source: null,
        flags: 0,
        nexthops,
        nexthopId: null,
        encapType: null,
      };
    });
}

/** A rule of few priorities. */
export function ruleArb(family: 4 | 6): fc.Arbitrary<Rule> {
  const v4 = family === 4;
  return fc
    .record({
      priority: fc.constantFrom(1000, 1010, 32765, 40000),
      table: fc.constantFrom(100, 254, 1000),
      action: mostly(1, 6, 7, 8),
      from: mostly<string | null>(null, v4 ? '10.1.0.1/32' : 'fd01::1/128', v4 ? '10.0.0.0/8' : 'fd00::/8'),
      to: mostly<string | null>(null, v4 ? '10.2.0.0/16' : 'fd02::/64'),
      iif: fc.option(
        name.filter(n => n !== '' && n.length < 16),
        { freq: 2, nil: null },
      ),
      oif: fc.option(
        name.filter(n => n !== '' && n.length < 16),
        { freq: 3, nil: null },
      ),
      mark: mostly<readonly [number | null, number | null]>([null, null], [100, 0xff]),
      flags: mostly(0, 2),
    })
    .map(({ mark, ...rest }) => ({
      family,
      ...rest,
      table: rest.action === 1 ? rest.table : 0,
      tos: 0,
      fwmark: mark[0],
      fwmask: mark[1],
      goto: null,
      suppressPrefixLength: null,
      suppressGroup: null,
      l3mdev: false,
      uidRange: null,
      ipProtocol: null,
      sourcePorts: null,
      destinationPorts: null,
      protocol: 4,
    }));
}
