import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN, RTNH_F_ONLINK } from '../../src/domain/route.ts';
import { type Netlink, openNetlink } from '../../src/netlink/index.ts';
import {
  canMakeNamespaces,
  createNamespace,
  EventLog,
  failureOf,
  type Namespace,
  routeOf,
  untilRoutes,
} from './netns-lab.ts';

interface IpRoute {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly nexthops?: readonly {
    readonly gateway?: string;
    readonly via?: { readonly host: string };
    readonly dev: string;
    readonly weight: number;
  }[];
}

describe.skipIf(!canMakeNamespaces)('routes', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let e0: number;
  let f0: number;
  beforeAll(async () => {
    ns = createNamespace('route');
    for (const [link, peer, net] of [
      ['e0', 'e1', 1],
      ['f0', 'f1', 2],
    ] as const) {
      ns.ip('link', 'add', link, 'type', 'veth', 'peer', 'name', peer);
      // A peer's own link-local route would appear after DAD, in the middle of a comparison.
      for (const end of [link, peer]) ns.ip('link', 'set', end, 'addrgenmode', 'none');
      ns.ip('link', 'set', peer, 'up');
      ns.ip('link', 'set', link, 'up');
      ns.ip('addr', 'add', `10.${net}.0.1/24`, 'dev', link);
      ns.ip('addr', 'add', `fd0${net}::1/64`, 'dev', link, 'nodad');
    }
    netlink = openNetlink({ netnsPath: ns.path });
    e0 = (await netlink.linkByName('e0'))!.index;
    f0 = (await netlink.linkByName('f0'))!.index;
    await untilRoutes(netlink, routes => {
      const count = (destination: string) => routes.filter(one => one.destination === destination).length;
      return count('ff00::/8') === 4 && count('fd01::1/128') === 1 && count('fd02::1/128') === 1;
    });
  });
  afterAll(async () => {
    await netlink?.close();
    ns?.remove();
  });

  const leg = (linkIndex: number | null, gateway: string | null, part: { weight?: number; flags?: number } = {}) => ({
    linkIndex,
    gateway,
    gatewayFamily: gateway === null ? null : gateway.includes(':') ? (6 as const) : (4 as const),
    weight: 1,
    flags: 0,
    ...part,
  });
  const minutes = (seconds: number | null) => (seconds === null ? null : Math.round(seconds / 600));
  const find = async (destination: string, table?: number) =>
    (await netlink.routes(table === undefined ? {} : { table })).find(route => route.destination === destination);

  test('every kind of route goes in, dumps as it was sent, shows in `ip route`, and goes out', async () => {
    const routes = [
      routeOf({ destination: '0.0.0.0/0', nexthops: [leg(e0, '10.1.0.254')], priority: 100, prefSrc: '10.1.0.1' }),
      routeOf({ destination: '192.0.2.0/24', nexthops: [leg(e0, null)], scope: 253, protocol: 16 }),
      routeOf({ destination: '192.0.3.0/24', nexthops: [leg(e0, '203.0.113.1', { flags: RTNH_F_ONLINK })] }),
      routeOf({ destination: '192.0.4.0/24', nexthops: [leg(e0, 'fe80::1')] }),
      routeOf({
        destination: '192.0.5.0/24',
        nexthops: [leg(e0, '10.1.0.2', { weight: 3 }), leg(f0, '10.2.0.2'), leg(f0, 'fe80::2', { weight: 256 })],
      }),
      routeOf({ destination: '192.0.6.0/24', type: 6 }),
      routeOf({ destination: '192.0.7.0/24', type: 7, priority: 4_278_198_272 }),
      routeOf({ destination: '192.0.8.0/24', type: 8 }),
      routeOf({ destination: '192.0.9.0/24', type: 9 }),
      routeOf({ destination: '192.0.10.0/24', nexthops: [leg(e0, '10.1.0.2')], tos: 16 }),
      routeOf({
        destination: '192.0.11.0/24',
        nexthops: [leg(e0, '10.1.0.2')],
        metrics: { 1: 4, 2: 1300, 8: 1200, 16: 'reno' },
      }),
      routeOf({ destination: '192.0.12.0/24', nexthops: [leg(e0, '10.1.0.2')], table: 100_000 }),
      routeOf({ destination: '::/0', nexthops: [leg(e0, 'fd01::2')], priority: 1024, preference: 0 }),
      routeOf({
        destination: '2001:db8:1::/48',
        nexthops: [leg(e0, 'fd01::2')],
        priority: 50,
        preference: 1,
        prefSrc: 'fd01::1',
      }),
      routeOf({
        destination: '2001:db8:2::/48',
        nexthops: [leg(e0, null)],
        priority: 1024,
        preference: 0,
        metrics: { 2: 1400 },
      }),
      routeOf({
        destination: '2001:db8:3::/48',
        nexthops: [leg(e0, 'fd01::2', { weight: 2 }), leg(f0, 'fd02::2')],
        priority: 1024,
        preference: 0,
      }),
      routeOf({
        destination: '2001:db8:4::/48',
        nexthops: [leg(e0, 'fd01::2')],
        source: '2001:db8:ffff::/48',
        priority: 1024,
        preference: 0,
      }),
      routeOf({ destination: '2001:db8:5::/48', type: 6, priority: 1024, preference: 0 }),
      routeOf({ destination: '2001:db8:6::/48', type: 7, priority: 1024, preference: 0 }),
      routeOf({
        destination: '2001:db8:7::/48',
        nexthops: [leg(e0, '2001:db8:9::1', { flags: RTNH_F_ONLINK })],
        priority: 1024,
        preference: 0,
      }),
      routeOf({
        destination: '2001:db8:8::/48',
        nexthops: [leg(e0, 'fd01::2')],
        priority: 1024,
        preference: 0,
        expiresS: 6000,
        table: 777,
      }),
    ];
    for (const route of routes) await netlink.addRoute(route, 'create');
    const dump = await netlink.routes();
    for (const route of routes) {
      const found = dump.filter(one => one.destination === route.destination);
      // Lifetimes run on; everything else is as it was sent.
      expect
        .soft(found.map(one => ({ ...one, expiresS: minutes(one.expiresS) })))
        .toEqual([{ ...route, expiresS: minutes(route.expiresS) }]);
    }
    const shown = [
      ...ns.ipJson<IpRoute>('-4', 'route', 'show', 'table', 'all'),
      ...ns.ipJson<IpRoute>('-6', 'route', 'show', 'table', 'all'),
    ];
    for (const route of routes) {
      const ip = shown.find(one =>
        (one.dst === 'default' ? ['0.0.0.0/0', '::/0'] : [one.dst]).includes(route.destination),
      );
      expect.soft(ip, route.destination).toBeDefined();
    }
    expect(shown).toHaveLength(dump.length);
    const multipath = shown.find(one => one.dst === '192.0.5.0/24')!;
    expect(multipath.nexthops?.map(hop => [hop.gateway ?? hop.via?.host, hop.dev, hop.weight])).toEqual([
      ['10.1.0.2', 'e0', 3],
      ['10.2.0.2', 'f0', 1],
      ['fe80::2', 'f0', 256],
    ]);
    for (const route of routes) await netlink.removeRoute(route);
    const left = await netlink.routes();
    expect(left.filter(one => routes.some(route => route.destination === one.destination))).toEqual([]);
  });

  test('create refuses the same key, replace takes its place, append and prepend stand beside it', async () => {
    const route = (gateway: string, tos = 0) =>
      routeOf({ destination: '198.51.100.0/24', nexthops: [leg(e0, gateway)], tos });
    const gateways = async () =>
      (await netlink.routes({ family: 4 }))
        .filter(one => one.destination === '198.51.100.0/24')
        .map(one => one.nexthops[0]?.gateway);
    await netlink.addRoute(route('10.1.0.2'), 'create');
    expect(await failureOf(netlink.addRoute(route('10.1.0.3'), 'create'))).toMatchObject({
      code: 'NETLINK_REFUSED',
      errnoName: 'EEXIST',
    });
    await netlink.addRoute(route('10.1.0.3'), 'replace');
    expect(await gateways()).toEqual(['10.1.0.3']);
    await netlink.addRoute(route('10.1.0.4'), 'append');
    await netlink.addRoute(route('10.1.0.5'), 'prepend');
    expect(await gateways()).toEqual(['10.1.0.5', '10.1.0.3', '10.1.0.4']);
    for (const gateway of ['10.1.0.3', '10.1.0.4', '10.1.0.5']) await netlink.removeRoute(route(gateway));
    expect(await failureOf(netlink.removeRoute(route('10.1.0.3')))).toMatchObject({
      errnoName: 'ESRCH',
      object: '198.51.100.0/24 via 10.1.0.3',
    });
  });

  test('refusals carry the extended ack', async () => {
    const bad = routeOf({ destination: '198.51.101.0/24', nexthops: [leg(e0, '172.31.0.1')] });
    expect(await failureOf(netlink.addRoute(bad, 'create'))).toMatchObject({
      errnoName: 'ENETUNREACH',
      extAck: 'Nexthop has invalid gateway',
    });
    const source = routeOf({ destination: '198.51.101.0/24', nexthops: [leg(e0, '10.1.0.2')], prefSrc: '10.99.0.1' });
    expect(await failureOf(netlink.addRoute(source, 'create'))).toMatchObject({
      errnoName: 'EINVAL',
      extAck: 'Invalid prefsrc address',
    });
  });

  test('a table filter shows that table only, and nothing for a table that does not exist', async () => {
    await netlink.addRoute(
      routeOf({ destination: '198.51.102.0/24', nexthops: [leg(e0, '10.1.0.2')], table: 4242 }),
      'create',
    );
    expect((await netlink.routes({ table: 4242 })).map(route => route.destination)).toEqual(['198.51.102.0/24']);
    expect(await netlink.routes({ table: 999_999 })).toEqual([]);
    expect((await netlink.routes({ family: 6 })).every(route => route.family === 6)).toBe(true);
    expect((await netlink.routes({ table: 254 })).every(route => route.table === 254)).toBe(true);
  });

  test('flags of the kernel (dead, linkdown) are read but never sent back', async () => {
    const ways = { destination: '198.51.103.0/24', nexthops: [leg(e0, '10.1.0.2'), leg(f0, '10.2.0.2')] };
    await netlink.addRoute(routeOf(ways), 'create');
    ns.ip('link', 'set', 'f1', 'down');
    // The carrier is noticed by a worker of the kernel (linkwatch), which marks the routes, then announces the link.
    const log = new EventLog();
    const subscription = netlink.subscribe(['link'], log.listener);
    if ((await netlink.linkByIndex(f0))!.operState === 'up') {
      await log.until(
        event => event.type === 'link.changed' && event.link.index === f0 && event.link.operState !== 'up',
      );
    }
    subscription.close();
    const down = (await find(ways.destination))!;
    expect(down.nexthops[1]!.flags & RTNH_F_LINKDOWN).toBe(RTNH_F_LINKDOWN);
    await netlink.removeRoute(down);
    await netlink.addRoute(
      { ...down, nexthops: down.nexthops.map(one => ({ ...one, flags: one.flags | RTNH_F_DEAD })) },
      'create',
    );
    ns.ip('link', 'set', 'f1', 'up');
    expect(await find(ways.destination)).toBeDefined();
  });

  test('routes with a nexthop object or an encapsulation are read, and refused for writing', async () => {
    ns.ip('nexthop', 'add', 'id', '7', 'via', '10.1.0.2', 'dev', 'e0');
    ns.ip('nexthop', 'add', 'id', '8', 'via', 'fd01::2', 'dev', 'e0');
    ns.ip('nexthop', 'add', 'id', '9', 'group', '7,5/8');
    ns.ip('nexthop', 'add', 'id', '10', 'blackhole');
    ns.ip('route', 'add', '198.51.104.0/24', 'nhid', '7');
    expect(await netlink.nexthopObjects()).toMatchObject([
      { id: 7, family: 4, linkIndex: e0, gateway: '10.1.0.2', group: null },
      { id: 8, family: 6, gateway: 'fd01::2' },
      {
        id: 9,
        group: [
          { id: 7, weight: 5 },
          { id: 8, weight: 1 },
        ],
        groupType: 0,
      },
      { id: 10, blackhole: true },
    ]);
    const route = (await find('198.51.104.0/24'))!;
    expect(route.nexthopId).toBe(7);
    for (const refusal of [failureOf(netlink.addRoute(route, 'create')), failureOf(netlink.removeRoute(route))]) {
      expect(await refusal).toMatchObject({ code: 'UNSUPPORTED', got: 'nexthop object 7' });
    }
  });

  test('columns hold the same routes in the same order as objects', async () => {
    await netlink.addRoute(
      routeOf({ destination: '198.51.105.0/24', nexthops: [leg(e0, '10.1.0.2'), leg(f0, '10.2.0.2')], priority: 9 }),
      'create',
    );
    const routes = await netlink.routes();
    const columns = await netlink.routeColumns();
    expect(columns.count).toBe(routes.length);
    for (const [row, route] of routes.entries()) {
      expect
        .soft({
          family: columns.family[row],
          table: columns.table[row],
          type: columns.type[row],
          protocol: columns.protocol[row],
          scope: columns.scope[row],
          prefixLength: columns.prefixLength[row],
          priority: columns.priority[row],
          isComplex: columns.complex[row] === 1,
        })
        .toEqual({
          family: route.family,
          table: route.table,
          type: route.type,
          protocol: route.protocol,
          scope: route.scope,
          prefixLength: Number(route.destination.split('/')[1]),
          priority: route.priority ?? 0,
          isComplex: route.nexthops.length > 1 || route.nexthopId !== null,
        });
    }
  });
});
