import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainAddress } from '../../../src/domain/address.ts';
import type { Effect } from '../../../src/domain/effect.ts';
import { networkOf } from '../../../src/domain/prefix.ts';
import type { HostEvent } from '../../../src/host/host.ts';
import { loadHost } from '../../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../../src/host/simulated/simulated-host.ts';
import type { OperationFault } from '../../../src/host/simulated/simulated-process.ts';
import { spawnProcess } from '../../../src/host/simulated/simulated-process.ts';
import type { World } from '../../../src/host/simulated/world.ts';
import { askGateways, createWorld, loseKernelEvents } from '../../../src/host/simulated/world.ts';

const PLAIN = loadHost(
  readFileSync(new URL('../../../fixtures/hosts/plain.yaml', import.meta.url), 'utf8'),
  'fixtures/hosts/plain.yaml',
);
const ROWS = { id: 'm-1', uplink: 'eth0', bridge: 'br-ext' } as const;
const PATIENT = new AbortController().signal;

/** One process on the plain host; `faults` by operation. */
function simulate(faults: Readonly<Record<string, OperationFault>> = {}, world: World = createWorld(PLAIN)) {
  const process = spawnProcess({
    clock: world.clock,
    oracle: ({ name }) => faults[name],
    slowMs: 500,
    onAnswerLost: () => world.ovs.dropConnection(),
  });
  const host = createSimulatedHost(world, process);
  const events: (HostEvent | 'done')[] = [];
  host.subscribe(event => events.push(event));
  /** Lets the world go on until the promise has settled; `pending` when nothing that waits will ever settle it. */
  const settle = async <T>(promise: Promise<T>): Promise<PromiseSettledResult<T> | 'pending'> => {
    let settled: PromiseSettledResult<T> | undefined;
    void Promise.allSettled([promise]).then(([result]) => {
      settled = result;
    });
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      if (settled !== undefined) return settled;
      if (!world.clock.runNext()) return 'pending';
    }
  };
  const complete = async <T>(promise: Promise<T>): Promise<T> => {
    const settled = await settle(promise);
    if (settled === 'pending') throw new Error('it never settles');
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  };
  const uplink = { index: world.uplinkIndex, name: 'eth0' };
  return { world, process, host, events, settle, complete, uplink };
}

const address = (linkIndex: number, local: string): Extract<Effect, { op: 'address.add' }> => ({
  op: 'address.add',
  address: plainAddress(linkIndex, local, 24),
});

const HOST_PORT: Effect = {
  op: 'ovs.host-port.create',
  rows: ROWS,
  bridge: { name: 'br-ext', create: true, datapathType: 'netdev', hwaddr: null, failMode: 'standalone' },
  hostPort: { name: 'port0', local: false, mac: '86:5e:ae:00:00:0e', mtu: 1500 },
};
const ATTACH: Effect = { op: 'ovs.uplink.attach', rows: ROWS, port: 'eth0' };

describe('effects of a simulated host', () => {
  it('are carried out although one before them in the same batch was refused', async () => {
    const { host, uplink, complete, world } = simulate();
    const effects = [address(uplink.index, '10.9.0.2'), address(uplink.index, '192.0.2.1')];
    const results = await complete(host.apply(effects, PATIENT));
    expect(results).toMatchObject([{ ok: false, failure: { errnoName: 'EEXIST' } }, { ok: true }]);
    expect(world.kernel.read({ routes: false }).addresses.map(({ local }) => local)).toContain('192.0.2.1');
  });

  it('end with what OVSDB refuses: the results are shorter', async () => {
    const { host, uplink, complete, world } = simulate({ 'ovs.uplink.attach': 'refused' });
    await complete(host.connectOvs(PATIENT));
    const results = await complete(host.apply([ATTACH, address(uplink.index, '192.0.2.1')], PATIENT));
    expect(results).toMatchObject([{ ok: false, failure: { code: 'OVSDB_REFUSED' } }]);
    expect(world.ovs.database().ports).toEqual([]);
    expect(world.tried).toEqual([]);
  });

  it('are told of before they count as done', async () => {
    const { host, uplink, complete, events } = simulate();
    const [result] = await complete(
      host.apply([{ op: 'link.rename', link: uplink, to: 'eth0~' }], PATIENT).finally(() => events.push('done')),
    );
    expect(result).toEqual({ ok: true });
    expect(events.at(-1)).toBe('done');
    expect(events).toContainEqual({ type: 'netlink.link.changed', link: expect.objectContaining({ name: 'eth0~' }) });
  });

  it('take their time, a slow one more of it', async () => {
    const quick = simulate();
    await quick.complete(quick.host.apply([address(quick.uplink.index, '192.0.2.1')], PATIENT));
    expect(quick.world.clock.now()).toBeLessThan(10);
    const slow = simulate({ 'address.add': 'slow' });
    await slow.complete(slow.host.apply([address(slow.uplink.index, '192.0.2.1')], PATIENT));
    expect(slow.world.clock.now()).toBeGreaterThanOrEqual(500);
  });
});

describe('faults of a simulated host', () => {
  it('refused: nothing is done, and the kernel says so', async () => {
    const { host, uplink, complete, world } = simulate({ 'link.rename': 'refused' });
    const effects: Effect[] = [{ op: 'link.rename', link: uplink, to: 'eth0~' }];
    expect(await complete(host.apply(effects, PATIENT))).toMatchObject([
      { ok: false, failure: { errnoName: 'ENOBUFS' } },
    ]);
    expect(world.kernel.read({ routes: false }).links.map(({ name }) => name)).not.toContain('eth0~');
  });

  it('hang: nothing is done; it ends with the signal, and by itself never', async () => {
    const { host, uplink, settle, world } = simulate({ 'address.add': 'hang' });
    const stop = new AbortController();
    const applying = host.apply([address(uplink.index, '192.0.2.1')], stop.signal);
    expect(await settle(applying)).toBe('pending');
    stop.abort(new Error('no more patience'));
    expect(await settle(applying)).toMatchObject({ status: 'rejected', reason: { message: 'no more patience' } });
    expect(world.tried).toEqual([]);
  });

  it('hang of a read, which has no signal: netlink gives up by itself', async () => {
    const { host, settle, world } = simulate({ 'kernel.read': 'hang' });
    const settled = await settle(host.readKernel({ routes: true }));
    expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'NETLINK_TIMEOUT' } });
    expect(world.clock.now()).toBeGreaterThanOrEqual(1_000);
  });

  it('answer-lost of netlink: it is done, and nothing is known of the rest of the batch', async () => {
    const { host, uplink, settle, world } = simulate({ 'address.add': 'answer-lost' });
    const settled = await settle(host.apply([address(uplink.index, '192.0.2.1')], PATIENT));
    expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'NETLINK_TIMEOUT' } });
    expect(world.kernel.read({ routes: false }).addresses.map(({ local }) => local)).toContain('192.0.2.1');
    expect(world.tried).toMatchObject([{ done: true }]);
  });

  it('answer-lost of OVSDB: it is committed, and the connection is gone until the client has a new one', async () => {
    const { host, complete, world, events } = simulate({ 'ovs.host-port.create': 'answer-lost' });
    await complete(host.connectOvs(PATIENT));
    const results = await complete(host.apply([HOST_PORT, ATTACH], PATIENT));
    expect(results).toMatchObject([{ ok: false, failure: { code: 'OVSDB_DISCONNECTED' } }]);
    expect(world.ovs.database().bridges.map(({ name }) => name)).toEqual(['br-ext']);
    expect(host.ovsConnected()).toBe(false);
    expect(events).toContainEqual(expect.objectContaining({ type: 'ovsdb.connection.lost' }));
    world.clock.advance(1_000);
    expect(host.ovsConnected()).toBe(true);
    expect(host.ovs()).toEqual(world.ovs.database());
  });

  it.each(['kill-before', 'kill-after'] as const)(
    '%s: the process never hears of it, nor of anything else',
    async fault => {
      const { host, uplink, settle, world, process, events } = simulate({ 'address.add': fault });
      expect(await settle(host.apply([address(uplink.index, '192.0.2.1')], PATIENT))).toBe('pending');
      expect(process.isDead()).toBe(true);
      expect(world.tried).toHaveLength(fault === 'kill-after' ? 1 : 0);
      const heard = events.length;
      world.kernel.apply({ op: 'link.set', link: uplink, mtu: 1400 });
      expect(events).toHaveLength(heard);
      expect(await settle(host.readKernel({ routes: true }))).toBe('pending');
    },
  );

  it('events that are lost are told of afterwards, all at once', async () => {
    const { events, world, uplink } = simulate();
    loseKernelEvents(world, 2);
    world.kernel.apply({ op: 'link.set', link: uplink, mtu: 1400 });
    expect(events).toEqual([]);
    world.clock.advance(2);
    expect(events).toEqual([{ type: 'netlink.resync' }]);
    world.kernel.apply({ op: 'link.set', link: uplink, mtu: 1500 });
    expect(events.at(-1)).toMatchObject({ type: 'netlink.link.changed', link: { mtu: 1500 } });
  });
});

describe('a simulated process that dies', () => {
  it('gives its OVSDB lock free, and its timers never fire', async () => {
    const first = simulate();
    await first.complete(first.host.connectOvs(PATIENT));
    await first.complete(first.host.lockOvs(() => undefined, PATIENT));
    let hasFired = false;
    first.process.clock.setTimeout(() => {
      hasFired = true;
    }, 1);
    const second = simulate({}, first.world);
    await second.complete(second.host.connectOvs(PATIENT));
    await expect(second.complete(second.host.lockOvs(() => undefined, PATIENT))).rejects.toMatchObject({
      code: 'LOCK_HELD',
    });
    first.process.kill();
    await second.complete(second.host.lockOvs(() => undefined, PATIENT));
    first.world.clock.advance(1_000);
    expect(hasFired).toBe(false);
  });
});

describe('the gateways of a simulated host', () => {
  const GATEWAYS = ['10.9.0.1', '2001:db8:9::1'];
  const asked = (world: World, link: number) => Object.fromEntries(askGateways(world, [link]));
  const all = (answers: boolean) => Object.fromEntries(GATEWAYS.map(gateway => [gateway, answers]));

  it('answer over the uplink while it has carrier, the kernel hears it, and they are not silent', async () => {
    const { world, uplink, host, complete } = simulate();
    expect(asked(world, uplink.index)).toEqual(all(true));
    world.kernel.updateLink(uplink.index, { carrier: false });
    expect(asked(world, uplink.index)).toEqual(all(false));
    world.kernel.updateLink(uplink.index, { carrier: true });
    world.kernel.apply({ op: 'ingress.mute', link: uplink });
    expect(asked(world, uplink.index)).toEqual(all(false));
    world.kernel.apply({ op: 'ingress.unmute', link: uplink });
    world.gateways.set('10.9.0.1', { address: '10.9.0.1', answers: false });
    expect(asked(world, uplink.index)).toEqual({ ...all(true), '10.9.0.1': false });
    const probed = await complete(host.probe({ kind: 'gateway' }, [uplink.index], 300, PATIENT));
    expect(probed).toMatchObject({ passed: false, detail: '10.9.0.1: silent, 2001:db8:9::1: answers' });
    expect(world.clock.now()).toBeGreaterThanOrEqual(300);
  });

  it('are asked until the limit: one that answers meanwhile has answered', async () => {
    const { world, uplink, host, complete } = simulate();
    world.gateways.set('10.9.0.1', { address: '10.9.0.1', answers: false });
    world.clock.setTimeout(() => world.gateways.set('10.9.0.1', { address: '10.9.0.1', answers: true }), 100);
    expect(await complete(host.probe({ kind: 'gateway' }, [uplink.index], 300, PATIENT))).toMatchObject({
      passed: true,
    });
  });

  it('answer over the host port only while the uplink is attached, OVS forwards and nobody mutes the port', async () => {
    const { world, uplink, host, complete } = simulate();
    await complete(host.connectOvs(PATIENT));
    expect(await complete(host.apply([HOST_PORT], PATIENT))).toMatchObject([{ ok: true }]);
    world.clock.advance(1_000);
    const port = world.kernel.read({ routes: false }).links.find(({ name }) => name === 'port0')!;
    world.kernel.apply({ op: 'link.set', link: port, up: true });
    world.kernel.apply(address(port.index, '10.9.0.9'));
    for (const route of world.kernel.read({ routes: true }).routes) {
      if (route.family !== 4 || route.destination !== networkOf('0.0.0.0', 0)) continue;
      const nexthops = route.nexthops.map(hop => ({ ...hop, linkIndex: port.index }));
      expect(world.kernel.apply({ op: 'route.replace', route: { ...route, nexthops } })).toEqual({ ok: true });
    }
    const over = () => asked(world, port.index)['10.9.0.1'];
    expect(over()).toBe(false);
    expect(await complete(host.apply([ATTACH], PATIENT))).toMatchObject([{ ok: true }]);
    world.clock.advance(1_000);
    expect(over()).toBe(true);
    world.ovs.stopVswitchd('hang');
    expect(over()).toBe(false);
    world.ovs.continueVswitchd();
    expect(over()).toBe(true);
    world.kernel.apply({ op: 'ingress.mute', link: port });
    expect(over()).toBe(false);
    world.kernel.apply({ op: 'ingress.unmute', link: port });
    world.kernel.updateLink(uplink.index, { carrier: false });
    expect(over()).toBe(false);
  });

  it('are nothing to ask where no default route leaves by the link', async () => {
    const { world, host, complete } = simulate();
    const lo = world.kernel.read({ routes: false }).links.find(({ name }) => name === 'lo')!;
    const probed = await complete(host.probe({ kind: 'gateway' }, [lo.index], 300, PATIENT));
    expect(probed).toMatchObject({ passed: false, targets: [] });
  });
});

describe('ovs-vswitchd of a simulated host', () => {
  it('is alive, hung after the limit, or gone', async () => {
    const { world, host, complete } = simulate();
    expect(await complete(host.checkVswitchd(200, PATIENT))).toBe('alive');
    world.ovs.stopVswitchd('hang');
    const before = world.clock.now();
    expect(await complete(host.checkVswitchd(200, PATIENT))).toBe('hung');
    expect(world.clock.now() - before).toBeGreaterThanOrEqual(200);
    world.clock.setTimeout(() => world.ovs.continueVswitchd(), 100);
    expect(await complete(host.checkVswitchd(200, PATIENT))).toBe('alive');
    world.ovs.stopVswitchd('kill');
    expect(await complete(host.checkVswitchd(200, PATIENT))).toBe('gone');
  });
});
