import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/domain/address.ts';
import { IFA_F_NOPREFIXROUTE } from '../../../src/domain/address.ts';
import type { Effect } from '../../../src/domain/effect.ts';
import type { Route } from '../../../src/domain/route.ts';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN, RTNH_F_ONLINK, usesLink } from '../../../src/domain/route.ts';
import { addMissingRoutes, identityOf, isConnected, moveLegs, moveRoutes } from '../../../src/domain/steps/routes.ts';
import { address, hop, route, rule } from '../precheck/hosts.ts';
import { applyToRoutes, keyOf } from './kernel-model.ts';

const UPLINK = 2;
const HOST_PORT = 42;
const OTHER = 9;

const connected = (linkIndex: number): Route =>
  route({ destination: '10.9.0.0/24', protocol: 2, scope: 253, prefSrc: '10.9.0.2', nexthops: [hop({ linkIndex })] });
const ADDRESSES: readonly Address[] = [address({ local: '10.9.0.2' })];

const leg = fc.record({
  linkIndex: fc.constantFrom(UPLINK, UPLINK, OTHER),
  gateway: fc.constantFrom(null, '10.9.0.1', '10.9.0.254'),
});
/** Routes with a leg on the uplink; several may have one key. */
const snapshotRoutes = fc.uniqueArray(
  fc
    .record({
      destination: fc.constantFrom('0.0.0.0/0', '192.0.2.0/24', '10.8.0.0/16'),
      table: fc.constantFrom(254, 100),
      priority: fc.constantFrom(null, 100),
      prefSrc: fc.constantFrom(null, '10.9.0.2'),
      legs: fc.array(leg, { minLength: 1, maxLength: 2 }),
    })
    .map(({ legs, ...rest }) =>
      route({
        ...rest,
        nexthops: legs.map(l => hop({ ...l, gatewayFamily: l.gateway === null ? null : 4 })),
      }),
    )
    .filter(r => usesLink(r, UPLINK)),
  {
    maxLength: 6,
    // Two that differ in nothing but the order of their legs lead the same way: one is as good as both.
    selector: r => `${keyOf(r)} ${r.prefSrc} ${r.nexthops.map(h => JSON.stringify(h)).sort()}`,
  },
);
const foreign = fc
  .constantFrom('198.18.0.0/15', '192.0.2.0/24')
  .map(destination => route({ destination, table: 77, nexthops: [hop({ linkIndex: OTHER, gateway: '10.19.0.1' })] }));

const moved = (routes: readonly Route[], to: number): readonly Route[] => routes.map(r => moveLegs(r, UPLINK, to));

/** As the engine does: look, change, look again, until nothing is left. Tells of every instant. */
function moveAll(
  present: readonly Route[],
  wanted: readonly Route[],
  from: number,
  to: number,
  onInstant: (routes: readonly Route[], effect: Effect) => void = () => undefined,
): readonly Route[] {
  let now = present;
  for (let round = 0; round < 6; round += 1) {
    const effects = moveRoutes({ wanted, present: now, rules: [], from, to, addresses: ADDRESSES });
    if (effects.length === 0) return now;
    for (const effect of effects) {
      now = applyToRoutes(now, effect);
      onInstant(now, effect);
    }
  }
  throw new Error('the move does not come to rest');
}

const isSameRoute = (a: Route, b: Route): boolean => identityOf(a) === identityOf(b);
const isIn = (routes: readonly Route[], wanted: Route): boolean => routes.some(r => isSameRoute(r, wanted));

describe('moving routes', () => {
  it('there is no instant in which a destination has no route', () => {
    fc.assert(
      fc.property(snapshotRoutes, fc.array(foreign, { maxLength: 1 }), (routes, others) => {
        const present = [...others, connected(UPLINK), ...routes, connected(HOST_PORT)];
        const keys = new Set([...routes, connected(UPLINK)].map(keyOf));
        moveAll(present, moved([connected(UPLINK), ...routes], HOST_PORT), UPLINK, HOST_PORT, (now, effect) => {
          const have = new Set(now.map(keyOf));
          for (const key of keys) expect(have, `after ${effect.op}`).toContain(key);
        });
      }),
    );
  });

  it('all are on the other link afterwards, none is left behind, and those of others are as they were', () => {
    fc.assert(
      fc.property(snapshotRoutes, fc.array(foreign, { maxLength: 1 }), (routes, others) => {
        const wanted = moved([connected(UPLINK), ...routes], HOST_PORT);
        const present = [...others, connected(UPLINK), ...routes, connected(HOST_PORT)];
        const after = moveAll(present, wanted, UPLINK, HOST_PORT);
        for (const r of wanted) expect(isIn(after, r)).toBe(true);
        expect(after.filter(r => usesLink(r, UPLINK))).toEqual([]);
        expect(after).toHaveLength(wanted.length + others.length);
        for (const r of others) expect(after).toContain(r);
      }),
    );
  });

  it('cut short after any change, the way back ends with every route on the uplink', () => {
    fc.assert(
      fc.property(snapshotRoutes, fc.nat(20), (routes, cut) => {
        const snapshot = [connected(UPLINK), ...routes];
        let now: readonly Route[] = [...snapshot, connected(HOST_PORT)];
        let count = 0;
        moveAll(now, moved(snapshot, HOST_PORT), UPLINK, HOST_PORT, routesNow => {
          count += 1;
          if (count <= cut) now = routesNow;
        });
        // The uplink's addresses are back first, and with them its connected route.
        if (!isIn(now, connected(UPLINK))) now = [...now, connected(UPLINK)];
        const back = moveAll(now, snapshot, HOST_PORT, UPLINK);
        for (const r of snapshot) expect(isIn(back, r)).toBe(true);
        expect(back.filter(r => usesLink(r, HOST_PORT))).toEqual([]);
        expect(back).toHaveLength(snapshot.length);
      }),
    );
  });

  it('cut short and begun again, it ends as if it had never been cut', () => {
    fc.assert(
      fc.property(snapshotRoutes, fc.nat(20), (routes, cut) => {
        const snapshot = [connected(UPLINK), ...routes];
        const wanted = moved(snapshot, HOST_PORT);
        const start: readonly Route[] = [...snapshot, connected(HOST_PORT)];
        let now = start;
        let count = 0;
        const whole = moveAll(start, wanted, UPLINK, HOST_PORT, routesNow => {
          count += 1;
          if (count <= cut) now = routesNow;
        });
        const again = moveAll(now, wanted, UPLINK, HOST_PORT);
        expect(again.map(r => JSON.stringify(r)).sort()).toEqual(whole.map(r => JSON.stringify(r)).sort());
      }),
    );
  });

  it('does nothing twice', () => {
    const wanted = moved([connected(UPLINK), route()], HOST_PORT);
    expect(
      moveRoutes({ wanted, present: wanted, rules: [], from: UPLINK, to: HOST_PORT, addresses: ADDRESSES }),
    ).toEqual([]);
  });

  it('takes the old connected route away only when nothing else is left to do', () => {
    const present = [connected(UPLINK), route(), connected(HOST_PORT)];
    const wanted = moved([connected(UPLINK), route()], HOST_PORT);
    const move = { wanted, rules: [], from: UPLINK, to: HOST_PORT, addresses: ADDRESSES };
    const first = moveRoutes({ ...move, present });
    expect(first.map(e => e.op)).toEqual(['route.replace']);
    const second = moveRoutes({ ...move, present: first.reduce(applyToRoutes, present) });
    expect(second).toEqual([{ op: 'route.remove', route: connected(UPLINK) }]);
  });

  it('leaves the old connected route where the new one is not there yet', () => {
    const present = [connected(UPLINK)];
    const move = { wanted: [], rules: [], from: UPLINK, to: HOST_PORT, addresses: ADDRESSES, present };
    expect(moveRoutes(move)).toEqual([]);
  });
});

describe('the order in which routes are added', () => {
  const viaGateway = route({ destination: '192.0.2.0/24' });
  const onLink = route({ destination: '10.8.0.0/16', nexthops: [hop()] });
  const defaultRoute = route();
  const tableDefault = route({ table: 100 });

  it('is on-link, then via a gateway, then defaults', () => {
    const order = addMissingRoutes([defaultRoute, viaGateway, onLink], [], []).map(
      e => 'route' in e && e.route.destination,
    );
    expect(order).toEqual(['10.8.0.0/16', '192.0.2.0/24', '0.0.0.0/0']);
  });

  it('is, among defaults, that of tables with late rules first', () => {
    const rules = [rule({ priority: 1000, table: 100 }), rule({ priority: 32766, table: 254 })];
    const tables = addMissingRoutes([tableDefault, defaultRoute], [], rules).map(e => 'route' in e && e.route.table);
    expect(tables).toEqual([254, 100]);
  });

  it('appends where the key is taken, adds where it is not, and leaves alone what is there', () => {
    const other = route({ prefSrc: '10.9.0.3' });
    expect(
      addMissingRoutes([defaultRoute, tableDefault], [other], [])
        .map(e => e.op)
        .sort(),
    ).toEqual(['route.add', 'route.append']);
    expect(addMissingRoutes([defaultRoute], [defaultRoute], [])).toEqual([]);
  });
});

describe('one route', () => {
  it('is the same whatever the kernel says of its link, and another with another gateway, source or metric', () => {
    const a = route({ nexthops: [hop({ gateway: '10.9.0.1', flags: RTNH_F_ONLINK })] });
    const dead = hop({ gateway: '10.9.0.1', flags: RTNH_F_ONLINK | RTNH_F_DEAD | RTNH_F_LINKDOWN });
    expect(isSameRoute(a, { ...a, nexthops: [dead] })).toBe(true);
    expect(isSameRoute(a, { ...a, priority: 0 })).toBe(true);
    expect(isSameRoute(a, { ...a, nexthops: [hop({ gateway: '10.9.0.1' })] })).toBe(false);
    expect(isSameRoute(a, { ...a, prefSrc: '10.9.0.2' })).toBe(false);
    expect(isSameRoute(a, { ...a, metrics: { '2': 1400 } })).toBe(false);
    expect(isSameRoute(a, { ...a, table: 100 })).toBe(false);
    expect(isSameRoute(a, { ...a, type: 6 })).toBe(false);
  });

  it('that expires is not the same as one that does not; how long it has left does not count', () => {
    const a = route();
    expect(isSameRoute(a, { ...a, expiresS: 3600 })).toBe(false);
    expect(isSameRoute({ ...a, expiresS: 3590 }, { ...a, expiresS: 3600 })).toBe(true);
  });

  it('is the same whatever the order of its legs', () => {
    const legs = [hop({ gateway: '10.9.0.1' }), hop({ linkIndex: OTHER, gateway: '10.19.0.1', weight: 2 })];
    expect(isSameRoute(route({ nexthops: legs }), route({ nexthops: legs.toReversed() }))).toBe(true);
  });

  it('has one leg where another manager had given it one on either link', () => {
    const both = route({ nexthops: [hop({ linkIndex: 3 }), hop({ linkIndex: 10 })] });
    expect(moveLegs(both, 10, 3).nexthops).toMatchObject([{ linkIndex: 3 }]);
    expect(moveLegs(both, 3, 10).nexthops).toMatchObject([{ linkIndex: 10 }]);
  });

  it('moves only its legs on the one link', () => {
    const both = route({ nexthops: [hop({ gateway: '10.9.0.1' }), hop({ linkIndex: OTHER, gateway: '10.19.0.1' })] });
    expect(moveLegs(both, UPLINK, HOST_PORT).nexthops.map(h => h.linkIndex)).toEqual([HOST_PORT, OTHER]);
    expect(moveLegs(moveLegs(both, UPLINK, HOST_PORT), HOST_PORT, UPLINK)).toEqual(both);
  });

  it.each([
    ['of an address', connected(UPLINK), ADDRESSES, true],
    ['of another prefix', { ...connected(UPLINK), destination: '10.9.1.0/24' }, ADDRESSES, false],
    ['that a person made', { ...connected(UPLINK), protocol: 4 }, ADDRESSES, false],
    ['via a gateway', { ...connected(UPLINK), nexthops: [hop({ gateway: '10.9.0.1' })] }, ADDRESSES, false],
    ['of an address with noprefixroute', connected(UPLINK), [address({ flags: IFA_F_NOPREFIXROUTE })], false],
    [
      'to a peer',
      { ...connected(UPLINK), destination: '10.77.0.2/32' },
      [address({ local: '10.77.0.1', peer: '10.77.0.2', prefixLength: 32 })],
      true,
    ],
  ] as const)('%s is connected or not', (_, candidate, addresses, expected) => {
    expect(isConnected(candidate, addresses)).toBe(expected);
  });
});
