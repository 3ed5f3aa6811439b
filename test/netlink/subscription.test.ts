import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addAddressRequest,
  type Netlink,
  type NetlinkEvent,
  openNetlink,
  removeAddressRequest,
} from '../../src/netlink/index.ts';
import { addressOf, canMakeNamespaces, createNamespace, EventLog, type Namespace, routeOf } from './netns-lab.ts';

describe.skipIf(!canMakeNamespaces)('subscription', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let index: number;
  beforeAll(async () => {
    ns = createNamespace('event');
    ns.ip('link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1');
    for (const end of ['e0', 'e1']) ns.ip('link', 'set', end, 'addrgenmode', 'none');
    ns.ip('link', 'set', 'e1', 'up');
    ns.ip('link', 'set', 'e0', 'up');
    netlink = openNetlink({ netnsPath: ns.path });
    index = (await netlink.linkByName('e0'))!.index;
  });
  afterAll(async () => {
    await netlink?.close();
    ns?.remove();
  });

  /** Makes a change that is announced last, so that everything before it has arrived when it has. */
  const settle = async (log: EventLog, marker: string) => {
    await netlink.addAddress(addressOf({ local: marker, linkIndex: index, prefixLength: 32 }), 'create');
    await log.until(event => event.type === 'address.changed' && event.address.local === marker);
  };

  test('every kind of change arrives decoded, in the kernel’s order', async () => {
    const log = new EventLog();
    const subscription = netlink.subscribe(['link', 'address', 'route', 'rule', 'neighbour', 'nsid'], log.listener);
    const peer = createNamespace('nsid');
    ns.ip('addr', 'add', '10.1.0.1/24', 'dev', 'e0');
    ns.ip('route', 'add', '192.0.2.0/24', 'via', 'inet6', 'fe80::1', 'dev', 'e0');
    ns.ip('route', 'replace', '192.0.2.0/24', 'via', '10.1.0.2', 'dev', 'e0');
    ns.ip('route', 'del', '192.0.2.0/24');
    ns.ip('rule', 'add', 'pref', '77', 'iif', 'e0', 'lookup', '200');
    ns.ip('rule', 'del', 'pref', '77');
    ns.ip('neigh', 'add', '10.1.0.7', 'lladdr', '02:00:00:00:00:07', 'dev', 'e0');
    ns.ip('neigh', 'del', '10.1.0.7', 'dev', 'e0');
    ns.ip('link', 'add', 'n0', 'type', 'veth', 'peer', 'name', 'n1', 'netns', peer.name);
    // The kernel announces a new altname only while the link is up (netdev_state_change).
    ns.ip('link', 'property', 'add', 'dev', 'n0', 'altname', 'n0-silent');
    ns.ip('link', 'set', 'n0', 'up');
    ns.ip('link', 'property', 'add', 'dev', 'n0', 'altname', 'n0-alt');
    ns.ip('link', 'del', 'n0');
    ns.ip('addr', 'del', '10.1.0.1/24', 'dev', 'e0');
    await settle(log, '10.255.0.1');
    subscription.close();
    peer.remove();
    const said = log.events.map(event => {
      if ('link' in event) return `${event.type} ${event.link.name} ${event.link.altnames.join()}`;
      if ('address' in event) return `${event.type} ${event.address.local}`;
      if ('route' in event)
        return `${event.type} ${event.route.destination} ${event.route.nexthops[0]?.gateway} ${'replaced' in event && event.replaced}`;
      if ('rule' in event) return `${event.type} ${event.rule.priority} ${event.rule.iif}`;
      if ('neighbour' in event) return `${event.type} ${event.neighbour.address} ${event.neighbour.mac}`;
      if ('netnsId' in event) return event.type;
      return event.type;
    });
    const expected = [
      'address.changed 10.1.0.1',
      'route.changed 10.1.0.0/24 null false',
      'route.changed 192.0.2.0/24 fe80::1 false',
      'route.changed 192.0.2.0/24 10.1.0.2 true',
      'route.removed 192.0.2.0/24 10.1.0.2 false',
      'rule.changed 77 e0',
      'rule.removed 77 e0',
      'neighbour.changed 10.1.0.7 02:00:00:00:00:07',
      'link.changed n0 ',
      'link.changed n0 n0-silent',
      'link.changed n0 n0-silent,n0-alt',
      'link.removed n0 n0-silent,n0-alt',
      'address.removed 10.1.0.1',
      'address.changed 10.255.0.1',
    ];
    let at = -1;
    for (const line of expected) {
      const next = said.indexOf(line, at + 1);
      expect.soft(next, `${line} after position ${at} of\n${said.join('\n')}`).toBeGreaterThan(at);
      at = next;
    }
    expect(said).toContain('nsid.changed');
    expect(subscription).toMatchObject({ dropped: 0, malformed: 0, listenerErrors: 0 });
  });

  test('a listener that throws is reported, and gets the events after that', async () => {
    const log = new EventLog();
    const warned = new Promise<Error>(resolve => process.once('warning', resolve));
    let first = true;
    const subscription = netlink.subscribe(['address'], event => {
      log.listener(event);
      if (!first) return;
      first = false;
      throw new Error('listener is broken');
    });
    await netlink.addAddress(addressOf({ local: '10.2.0.1', linkIndex: index }), 'create');
    await netlink.removeAddress(addressOf({ local: '10.2.0.1', linkIndex: index }));
    await settle(log, '10.255.0.2');
    expect(log.events.map(event => event.type)).toEqual(['address.changed', 'address.removed', 'address.changed']);
    expect(subscription.listenerErrors).toBe(1);
    expect((await warned).message).toContain('listener is broken');
    subscription.close();
  });

  test('a listener may close its own subscription; nothing is delivered after that', async () => {
    const log = new EventLog();
    const all = new EventLog();
    const everything = netlink.subscribe(['address'], all.listener);
    const subscription = netlink.subscribe(['address'], event => {
      log.listener(event);
      subscription.close();
    });
    const batch = [1, 2, 3, 4].map(i =>
      addAddressRequest(addressOf({ local: `10.4.0.${i}`, linkIndex: index }), 'create'),
    );
    await netlink.batch(batch);
    await log.until(() => true);
    await settle(all, '10.255.0.3');
    expect(log.events).toHaveLength(1);
    everything.close();
    subscription.close();
  });

  test('requests and dumps made by a listener do not disturb what comes after', async () => {
    const seen: string[] = [];
    const dumps: Promise<unknown>[] = [];
    const log = new EventLog();
    const subscription = netlink.subscribe(['address'], event => {
      if (event.type === 'address.changed') {
        seen.push(event.address.local);
        dumps.push(netlink.links(), netlink.linkByIndex(index), netlink.batch([removeAddressRequest(event.address)]));
      }
      log.listener(event);
    });
    const wanted = Array.from({ length: 50 }, (_, i) => `10.6.0.${i + 1}`);
    await netlink.batch(
      wanted.map(local => addAddressRequest(addressOf({ local, linkIndex: index, prefixLength: 32 }), 'create')),
    );
    await settle(log, '10.255.0.4');
    expect(seen).toEqual([...wanted, '10.255.0.4']);
    await Promise.all(dumps);
    subscription.close();
  });

  test('an overrun gives a resync event and a count, the process lives on, and later events arrive', async () => {
    const small = openNetlink({ netnsPath: ns.path, receiveBufferBytes: 4096 });
    const log = new EventLog();
    const subscription = small.subscribe(['route'], log.listener);
    const pairs = Array.from({ length: 3000 }, () => '192.0.2.0/24');
    // All of it is done before the event loop gets to read: one batch is synchronous.
    const { addRouteRequest, removeRouteRequest } = await import('../../src/netlink/index.ts');
    const route = (destination: string) => routeOf({ destination, type: 6 });
    await netlink.batch(
      pairs.flatMap(destination => [
        addRouteRequest(route(destination), 'create'),
        removeRouteRequest(route(destination)),
      ]),
    );
    await log.until(event => event.type === 'resync');
    expect(log.events.find(event => event.type === 'resync')).toEqual({ type: 'resync', reason: 'overrun' });
    expect(subscription.dropped).toBeGreaterThan(1000);
    await netlink.addRoute(route('192.0.3.0/24'), 'create');
    await log.until(event => event.type === 'route.changed' && event.route.destination === '192.0.3.0/24');
    await netlink.removeRoute(route('192.0.3.0/24'));
    // And again: the watch was armed once more.
    await netlink.batch(
      pairs.flatMap(destination => [
        addRouteRequest(route(destination), 'create'),
        removeRouteRequest(route(destination)),
      ]),
    );
    await netlink.addRoute(route('192.0.4.0/24'), 'create');
    const resyncs = () => log.events.filter(event => event.type === 'resync').length;
    await log.until(() => resyncs() >= 2);
    await small.close();
  });

  test('the default buffer holds 5000 changes made without a pause', async () => {
    const log = new EventLog();
    const { addRouteRequest } = await import('../../src/netlink/index.ts');
    const subscription = netlink.subscribe(['route'], log.listener);
    const routes = Array.from({ length: 5000 }, (_, i) =>
      routeOf({ destination: `172.16.${i >> 8}.${i & 255}/32`, type: 6, table: 500 }),
    );
    await netlink.batch(routes.map(route => addRouteRequest(route, 'create')));
    await log.until(event => event.type === 'route.changed' && event.route.destination === routes.at(-1)!.destination);
    const got = log.events.filter(
      (event): event is Extract<NetlinkEvent, { type: 'route.changed' }> => event.type === 'route.changed',
    );
    expect(got.map(event => event.route).filter(route => route.table === 500)).toEqual(routes);
    expect(subscription.dropped).toBe(0);
    subscription.close();
  });

  test('promises made in a listener settle without any other activity in the process', async () => {
    const done = new Promise<string>(resolve => {
      const subscription = netlink.subscribe(['address'], async event => {
        await Promise.resolve();
        subscription.close();
        resolve(event.type);
      });
    });
    await netlink.addAddress(addressOf({ local: '10.7.0.1', linkIndex: index }), 'create');
    expect(await done).toBe('address.changed');
  });
});
