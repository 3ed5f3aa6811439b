import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Address, IFA_F_NODAD, IFA_F_NOPREFIXROUTE } from '../../src/domain/address.ts';
import type { Route } from '../../src/domain/route.ts';
import { RTNH_F_ONLINK } from '../../src/domain/route.ts';
import {
  addAddressRequest,
  addRouteRequest,
  type Netlink,
  openNetlink,
  removeAddressRequest,
  removeRouteRequest,
} from '../../src/netlink/index.ts';
import { addressOf, canMakeNamespaces, createNamespace, type Namespace, routeOf, untilRoutes } from './netns-lab.ts';

describe.skipIf(!canMakeNamespaces)('what was dumped, deleted and added again', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let e0: number;
  let f0: number;
  beforeEach(async () => {
    ns = createNamespace('trip');
    for (const [link, peer] of [
      ['e0', 'e1'],
      ['f0', 'f1'],
    ] as const) {
      ns.ip('link', 'add', link, 'type', 'veth', 'peer', 'name', peer);
      // No link-local addresses on either end: their routes would appear a second later, after DAD, in the middle of a run.
      for (const end of [link, peer]) ns.ip('link', 'set', end, 'addrgenmode', 'none');
      ns.ip('link', 'set', peer, 'up');
      ns.ip('link', 'set', link, 'up');
    }
    netlink = openNetlink({ netnsPath: ns.path });
    e0 = (await netlink.linkByName('e0'))!.index;
    f0 = (await netlink.linkByName('f0'))!.index;
    ns.ip('addr', 'add', '10.255.0.1/16', 'dev', 'f0');
    ns.ip('addr', 'add', 'fd55::1/64', 'dev', 'f0', 'nodad');
    // What the kernel makes by itself once it has seen the carriers: a multicast route for each link, the address's own two.
    await untilRoutes(netlink, routes => {
      const count = (destination: string) => routes.filter(one => one.destination === destination).length;
      return count('ff00::/8') === 4 && count('fd55::/64') === 1 && count('fd55::1/128') === 1;
    });
  });
  afterEach(async () => {
    await netlink?.close();
    ns?.remove();
  });

  const byte = fc.integer({ min: 1, max: 254 });
  const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
  const lifetimes = fc.oneof(
    fc.constant({ validLifetimeS: null, preferredLifetimeS: null }),
    fc.record({ validLifetimeS: fc.constant(90_000), preferredLifetimeS: fc.constantFrom(0, 45_000, 90_000) }),
  );
  const address: fc.Arbitrary<(link: number) => Address> = fc.oneof(
    fc
      .record({
        net: byte,
        host: byte,
        prefixLength: fc.integer({ min: 8, max: 32 }),
        peer: nullable(byte),
        label: fc.constantFrom(null, 'e0', 'e0:1', 'e0:second'),
        hasBroadcast: fc.boolean(),
        scope: fc.constantFrom(0, 253, 254),
        noPrefixRoute: fc.boolean(),
        metric: nullable(fc.integer({ min: 1, max: 0xffffffff })),
        protocol: nullable(byte),
        lifetimes,
      })
      .map(
        a => (linkIndex: number) =>
          addressOf({
            local: `10.${a.net}.1.${a.host}`,
            linkIndex,
            prefixLength: a.prefixLength,
            peer: a.peer === null ? null : `10.${a.net}.2.${a.peer}`,
            label: a.label,
            broadcast: a.hasBroadcast ? `10.${a.net}.3.255` : null,
            scope: a.scope,
            flags: a.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0,
            metric: a.metric,
            protocol: a.protocol,
            ...a.lifetimes,
          }),
      ),
    fc
      .record({
        net: byte,
        host: byte,
        prefixLength: fc.integer({ min: 8, max: 128 }),
        peer: nullable(byte),
        noPrefixRoute: fc.boolean(),
        metric: nullable(fc.integer({ min: 1, max: 0xffffffff })),
        protocol: nullable(byte),
        lifetimes,
      })
      .map(
        a => (linkIndex: number) =>
          addressOf({
            local: `fd00:${a.net.toString(16)}::${a.host.toString(16)}`,
            linkIndex,
            prefixLength: a.peer === null ? a.prefixLength : 128,
            peer: a.peer === null ? null : `fd00:${a.net.toString(16)}:1::${a.peer.toString(16)}`,
            flags: IFA_F_NODAD | (a.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0),
            metric: a.metric,
            protocol: a.protocol,
            ...a.lifetimes,
          }),
      ),
  );

  /** Seconds run on between two dumps. */
  const settled = (list: readonly Address[]) =>
    list.map(one => ({
      ...one,
      validLifetimeS: one.validLifetimeS === null ? null : Math.round(one.validLifetimeS / 1000),
      preferredLifetimeS: one.preferredLifetimeS === null ? null : Math.round(one.preferredLifetimeS / 1000),
    }));

  test('addresses come back equal in every field and in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(address, { minLength: 1, maxLength: 12 }), async makers => {
        await netlink.batch(makers.map(make => addAddressRequest(make(e0), 'create')));
        const before = await netlink.addresses({ linkIndex: e0 });
        // Secondaries first, so that none of them is promoted or goes down with its primary.
        const removed = await netlink.batch([...before].reverse().map(removeAddressRequest));
        expect(removed.flatMap(result => (result.ok ? [] : [result.error.message]))).toEqual([]);
        expect(await netlink.addresses({ linkIndex: e0 })).toEqual([]);
        // The kernel puts the newest IPv6 address of a scope first.
        const order = [...before.filter(one => one.family === 4), ...before.filter(one => one.family === 6).reverse()];
        const added = await netlink.batch(order.map(one => addAddressRequest(one, 'create')));
        expect(added.flatMap(result => (result.ok ? [] : [result.error.message]))).toEqual([]);
        const after = await netlink.addresses({ linkIndex: e0 });
        expect(settled(after)).toEqual(settled(before));
        await netlink.batch([...after].reverse().map(removeAddressRequest));
      }),
      { numRuns: 150 },
    );
  });

  const metrics = fc.dictionary(
    fc.constantFrom('2', '3', '4', '7', '8', '9', '13'),
    fc.integer({ min: 600, max: 1400 }),
  );
  const lock = nullable(fc.constantFrom(4, 8, 4 | 256));
  const hops = (family: 4 | 6) =>
    fc
      .array(
        fc.record({
          host: byte,
          weight: fc.integer({ min: 1, max: 256 }),
          isOnlink: fc.boolean(),
          viaIpv6: fc.boolean(),
        }),
        { minLength: 1, maxLength: 6 },
      )
      .map(list =>
        list.map(one => {
          const gatewayFamily = family === 6 || one.viaIpv6 ? (6 as const) : (4 as const);
          return {
            linkIndex: f0,
            gateway: gatewayFamily === 4 ? `10.255.1.${one.host}` : `fe80::${one.host.toString(16)}`,
            gatewayFamily,
            weight: list.length === 1 ? 1 : one.weight,
            flags: one.isOnlink ? RTNH_F_ONLINK : 0,
          };
        }),
      );
  const route: fc.Arbitrary<() => Route> = fc
    .record({
      family: fc.constantFrom(4 as const, 6 as const),
      net: byte,
      sub: byte,
      length: fc.integer({ min: 0, max: 32 }),
      type: fc.constantFrom(1, 1, 1, 6, 7, 8, 9),
      table: fc.constantFrom(254, 100, 253, 70_000),
      protocol: fc.constantFrom(3, 4, 16, 186),
      priority: nullable(fc.integer({ min: 1, max: 0xfffffffe })),
      tos: fc.constantFrom(0, 4, 16),
      hasSource: fc.boolean(),
      preference: fc.constantFrom(0, 1, 3),
      metrics,
      lock,
    })
    .chain(r =>
      hops(r.family).map(nexthops => () => {
        const drops = r.type !== 1;
        const bytes = [r.net, r.sub, 0, 0].map(
          (value, i) => value & ((0xff00 >> Math.min(8, Math.max(0, r.length - i * 8))) & 0xff),
        );
        return routeOf({
          destination:
            r.family === 4 ? `${bytes.join('.')}/${r.length}` : `fd66:${r.net.toString(16)}:${r.sub.toString(16)}::/48`,
          type: r.type,
          table: r.table,
          protocol: r.protocol,
          priority: r.family === 6 ? (r.priority ?? 1024) : r.priority,
          tos: r.family === 4 ? r.tos : 0,
          prefSrc: r.hasSource && !drops ? (r.family === 4 ? '10.255.0.1' : 'fd55::1') : null,
          preference: r.family === 6 ? r.preference : null,
          metrics: r.lock === null || drops ? (drops ? {} : r.metrics) : { ...r.metrics, 1: r.lock },
          nexthops: drops ? [] : nexthops,
        });
      }),
    );

  test('an IPv6 route with metric 0, as only the kernel makes, cannot be made again: it gets 1024', async () => {
    const local = (await netlink.routes({ family: 6, table: 255 })).find(one => one.destination === 'fd55::1/128')!;
    expect(local.priority).toBe(0);
    await netlink.removeRoute(local);
    await netlink.addRoute(local, 'create');
    expect(
      (await netlink.routes({ family: 6, table: 255 })).find(one => one.destination === 'fd55::1/128')?.priority,
    ).toBe(1024);
  });

  test('routes come back equal in every field and in the same order', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(route, { minLength: 1, maxLength: 20 }), async makers => {
        const before = await netlink.routes();
        const results = await netlink.batch(makers.map(make => addRouteRequest(make(), 'create')));
        accepted += results.filter(result => result.ok).length;
        const keyOf = (one: Route) => JSON.stringify(one);
        const known = new Set(before.map(keyOf));
        const all = await netlink.routes();
        const mine = all.filter(one => !known.has(keyOf(one)));
        const removed = await netlink.batch(mine.map(removeRouteRequest));
        expect(removed.flatMap(result => (result.ok ? [] : [result.error.message]))).toEqual([]);
        expect(await netlink.routes()).toEqual(before);
        const added = await netlink.batch(mine.map(one => addRouteRequest(one, 'create')));
        expect(added.flatMap(result => (result.ok ? [] : [result.error.message]))).toEqual([]);
        expect(await netlink.routes()).toEqual(all);
        await netlink.batch(mine.map(removeRouteRequest));
      }),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});
