import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addAddressRequest,
  addRouteRequest,
  type Netlink,
  openNetlink,
  removeAddressRequest,
  removeRouteRequest,
  setLinkRequest,
} from '../../src/netlink/index.ts';
import { addressOf, canMakeNamespaces, createNamespace, failureOf, type Namespace, routeOf } from './netns-lab.ts';

describe.skipIf(!canMakeNamespaces)('requests and dumps', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let index: number;
  beforeAll(async () => {
    ns = createNamespace('req');
    ns.ip('link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1');
    netlink = openNetlink({ netnsPath: ns.path });
    index = (await netlink.linkByName('e0'))!.index;
  });
  afterAll(async () => {
    await netlink?.close();
    ns?.remove();
  });

  test('in a batch a refused member is named, and the others are done', async () => {
    const add = (local: string) => addAddressRequest(addressOf({ local, linkIndex: index }), 'create');
    const results = await netlink.batch([
      add('10.1.0.1'),
      add('10.1.0.2'),
      add('10.1.0.1'),
      setLinkRequest(index, { mtu: 1 }),
      add('10.1.0.3'),
    ]);
    expect(results.map(result => result.ok)).toEqual([true, true, false, false, true]);
    const errors = results.flatMap(result => (result.ok ? [] : [result.error.details]));
    expect(errors).toMatchObject([
      {
        what: 'cannot add address',
        object: `10.1.0.1/24 on link ${index}`,
        errnoName: 'EEXIST',
        extAck: 'ipv4: Address already assigned',
      },
      {
        what: 'cannot set mtu 1',
        object: `link ${index}`,
        errnoName: 'EINVAL',
        extAck: 'mtu less than device minimum',
      },
    ]);
    expect((await netlink.addresses({ family: 4, linkIndex: index })).map(address => address.local)).toEqual([
      '10.1.0.1',
      '10.1.0.2',
      '10.1.0.3',
    ]);
  });

  test('a batch of 20,000 is answered one by one, in order', async () => {
    const routes = Array.from({ length: 20_000 }, (_, i) =>
      routeOf({ destination: `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32`, type: 6, table: 900 }),
    );
    // Each third one is there already.
    const first = await netlink.batch(
      routes.filter((_, i) => i % 3 === 0).map(route => addRouteRequest(route, 'create')),
    );
    expect(first.every(result => result.ok)).toBe(true);
    const second = await netlink.batch(routes.map(route => addRouteRequest(route, 'create')));
    expect(second.map(result => result.ok)).toEqual(routes.map((_, i) => i % 3 !== 0));
    expect(await netlink.routes({ table: 900 })).toEqual(routes);
    const removed = await netlink.batch(routes.map(removeRouteRequest));
    expect(removed.every(result => result.ok)).toBe(true);
  });

  test('a dump under churn by another process comes out whole or is refused, never short', async () => {
    // More than fit one datagram (32 KiB): only then can a change fall into the middle of a dump.
    const fixed = Array.from({ length: 1000 }, (_, i) =>
      addressOf({ local: `10.3.${i >> 8}.${i & 255}`, linkIndex: index, prefixLength: 32 }),
    );
    await netlink.batch(fixed.map(address => addAddressRequest(address, 'create')));
    const lines = 'while echo "addr add 10.4.0.1/32 dev e0" && echo "addr del 10.4.0.1/32 dev e0"; do :; done';
    const churn = spawn('bash', ['-c', `(${lines}) | exec ip -n ${ns.name} -batch -`], {
      stdio: 'ignore',
      detached: true,
    });
    let whole = 0;
    try {
      for (let i = 0; i < 5000 && (netlink.interruptedDumps < 50 || whole < 3); i++) {
        const dump = await Promise.allSettled([netlink.addresses({ family: 4, linkIndex: index })]).then(
          ([one]) => one,
        );
        if (dump.status === 'rejected') {
          expect(dump.reason).toMatchObject({ code: 'NETLINK_OVERRUN' });
          continue;
        }
        whole++;
        const locals = new Set(dump.value.map(address => address.local));
        expect(locals.size).toBe(dump.value.length);
        expect(fixed.every(address => locals.has(address.local))).toBe(true);
      }
    } finally {
      // The group of the shell that this test started, and nothing else.
      process.kill(-churn.pid!, 'SIGKILL');
      await once(churn, 'exit');
    }
    expect(whole).toBeGreaterThanOrEqual(3);
    expect(netlink.interruptedDumps).toBeGreaterThanOrEqual(50);
    await netlink.batch(fixed.map(removeAddressRequest));
  });

  test('many dumps and requests at once are all answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        i % 2 === 0 ? netlink.links() : netlink.linkByIndex(index).then(link => [link]),
      ),
    );
    expect(answers.every(list => list.some(link => link?.name === 'e0'))).toBe(true);
  });

  test('a long queue of short dumps lets the event loop have its turns', async () => {
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const start = performance.now();
    await Promise.all(Array.from({ length: 1000 }, () => netlink.readKernelState()));
    isDone = true;
    // One turn each 4 ms is promised; half of that is asked for, because the machine may be busy.
    expect(turns).toBeGreaterThan(Math.min(20, (performance.now() - start) / 8));
  });

  test('more waiting dumps than the queue holds are refused, the others are answered', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 1100 }, () => netlink.links()));
    const refused = outcomes.filter(outcome => outcome.status === 'rejected');
    expect(refused).toHaveLength(1100 - 1024);
    expect(refused.every(outcome => outcome.reason.code === 'NETLINK_OVERRUN')).toBe(true);
  });

  test('after close everything rejects with NETLINK_CLOSED, and closing twice is harmless', async () => {
    const client = openNetlink({ netnsPath: ns.path });
    const waiting = Promise.allSettled([client.links(), client.links()]);
    await client.close();
    await client.close();
    await waiting;
    expect((await failureOf(client.links())).code).toBe('NETLINK_CLOSED');
    expect((await failureOf(client.linkByName('lo'))).code).toBe('NETLINK_CLOSED');
    expect(() => client.subscribe(['link'], () => undefined)).toThrow(/NETLINK_CLOSED/);
  });

  test('opening, subscribing and closing 2000 times leaks no descriptor', async () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const before = count();
    for (let i = 0; i < 500; i++) {
      await using client = openNetlink({ netnsPath: ns.path });
      client.subscribe(['link'], () => undefined);
      client.subscribe(['route'], () => undefined).close();
    }
    expect(count()).toBe(before);
  });

  test('a path that is no namespace is refused, and leaks nothing', () => {
    expect(() => openNetlink({ netnsPath: '/run/netns/nlt-there-is-none' })).toThrow(/USAGE/);
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 10; i++)
      expect(() => openNetlink({ netnsPath: '/proc/self/ns/uts' })).toThrow(/NETLINK_REFUSED/);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('opening in another namespace leaves this thread in its own', async () => {
    await using here = openNetlink();
    const before = await here.links();
    await using there = openNetlink({ netnsPath: ns.path });
    await using again = openNetlink();
    expect((await again.links()).map(link => link.name)).toEqual(before.map(link => link.name));
    expect((await there.links()).map(link => link.name)).toContain('e0');
  });
});
