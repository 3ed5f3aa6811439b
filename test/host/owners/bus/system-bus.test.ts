import { once } from 'node:events';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createClient } from 'dbus-native';
import { describe, expect, it } from 'vitest';
import { busErrorName } from '../../../../src/host/owners/bus/bus-failure.ts';
import type { BusSignal } from '../../../../src/host/owners/bus/match-rule.ts';
import { openSystemBus, type SystemBus } from '../../../../src/host/owners/bus/system-bus.ts';
import { runCommand } from '../../../lab/command.ts';
import { type LabSystemBus, startSystemBus, systemBusNeeds } from '../../../lab/system-bus.ts';

const LIMIT_MS = 200;
const needs = systemBusNeeds();
if (needs.length > 0) console.warn(`SKIPPED the system bus: ${needs.join('; ')}`);
const DAEMON = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

async function open(lab: LabSystemBus, limitMs = 5000): Promise<SystemBus> {
  return (await openSystemBus({ address: lab.address, limitMs }))!;
}

/** A peer that owns `net.example.Peer` and never answers its method `Wait`. */
async function startPeer(lab: LabSystemBus) {
  const peer = createClient({ busAddress: lab.address });
  peer.connection.on('error', () => {});
  await peer.requestName('net.example.Peer', 0);
  const arrived = new Promise<void>(resolve => {
    peer.setMethodCallHandler('/', 'net.example.Peer', 'Wait', [() => new Promise(() => resolve()), '']);
  });
  return {
    peer,
    arrived,
    wait: { destination: 'net.example.Peer', path: '/', interface: 'net.example.Peer', member: 'Wait' },
  };
}

describe.skipIf(needs.length > 0)('a real bus', () => {
  it('answers calls, tells properties and who owns a name', async () => {
    await using lab = await startSystemBus();
    await using bus = await open(lab);
    expect((await bus.call({ ...DAEMON, member: 'ListNames' }))[0]).toEqual(['org.freedesktop.DBus', bus.name]);
    expect(await bus.nameOwner('org.freedesktop.DBus')).toBe('org.freedesktop.DBus');
    expect(await bus.nameOwner('org.freedesktop.NetworkManager')).toBeUndefined();
    expect((await bus.getAll(DAEMON)).get('Interfaces')).toEqual(await bus.get(DAEMON, 'Interfaces'));
  });

  it('tells a refusal, with the name of the error, from nobody being there; and starts no service', async () => {
    await using lab = await startSystemBus();
    await using bus = await open(lab);
    const refused = await bus.call({ ...DAEMON, member: 'Nonsense' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'OWNER_REFUSED' });
    expect(busErrorName(refused)).toBe('org.freedesktop.DBus.Error.UnknownMethod');
    const call = { destination: 'org.freedesktop.NetworkManager', path: '/', interface: 'a.b', member: 'C' };
    await expect(bus.call(call)).rejects.toMatchObject({
      code: 'OWNER_UNREACHABLE',
      details: { got: expect.stringContaining('NameHasNoOwner') as string },
    });
    await expect(bus.set(DAEMON, 'Features', 'as', [])).rejects.toMatchObject({ code: 'OWNER_REFUSED' });
    await expect(bus.call({ ...DAEMON, path: 'no path', member: 'GetId' })).rejects.toThrow('no path');
  });

  it('hears the signals of a subscription until it ends, and none that are addressed to us past the rules', async () => {
    await using lab = await startSystemBus();
    await using bus = await open(lab);
    const heard: BusSignal[] = [];
    const first = Promise.withResolvers<void>();
    const stop = await bus.subscribe(
      { sender: DAEMON.destination, member: 'NameOwnerChanged', arg0: 'net.example.Peer' },
      signal => {
        heard.push(signal);
        first.resolve();
      },
    );
    const { peer } = await startPeer(lab);
    await first.promise;
    expect(heard.map(signal => signal.body)).toEqual([['net.example.Peer', '', peer.name]]);
    const told: string[] = [];
    await bus.subscribe({ interface: 'net.example.Peer' }, signal => told.push(signal.member));
    const signal = { type: 4, path: '/', interface: 'net.example.Peer', member: 'Private', destination: bus.name };
    peer.connection.message({ ...signal, serial: 1000 });
    peer.sendSignal('/', 'net.example.Peer', 'Public');
    stop();
    await peer.releaseName('net.example.Peer');
    await bus.call({ ...DAEMON, member: 'GetId' });
    expect(heard).toHaveLength(1);
    expect(told).toEqual(['Public']);
    await peer.close();
  });

  it('a peer that never answers costs the limit; the connection lives on', async () => {
    await using lab = await startSystemBus();
    await using bus = await open(lab);
    const { peer, wait } = await startPeer(lab);
    const begun = performance.now();
    await expect(bus.call(wait, LIMIT_MS)).rejects.toMatchObject({ code: 'OWNER_UNREACHABLE' });
    expect(performance.now() - begun).toBeLessThan(LIMIT_MS + 150);
    const stop = new AbortController();
    const call = bus.call(wait, 60_000, stop.signal);
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await bus.nameOwner('net.example.Peer')).toBe(peer.name);
    await peer.close();
  });

  it('a bus that dies rejects what is under way, tells once, and refuses what comes later', async () => {
    await using lab = await startSystemBus();
    await using bus = await open(lab);
    const { arrived, wait } = await startPeer(lab);
    const told: string[] = [];
    bus.onClosed(failure => told.push(failure.code));
    const call = bus.call(wait, 60_000);
    await arrived;
    await Promise.all([lab.kill(), expect(call).rejects.toMatchObject({ code: 'OWNER_UNREACHABLE' })]);
    await expect(bus.call(wait)).rejects.toMatchObject({ code: 'OWNER_UNREACHABLE' });
    bus.onClosed(failure => told.push(failure.what));
    expect(told).toEqual(['OWNER_UNREACHABLE', 'the connection to the system bus was lost']);
    await bus.close();
    expect(await openSystemBus({ address: lab.address, limitMs: LIMIT_MS })).toBeUndefined();
  });

  it('a bus that is stopped: opening and calling fail within the limit, closing is immediate, and it recovers', async () => {
    await using lab = await startSystemBus();
    await using bus = await open(lab);
    lab.pause();
    const begun = performance.now();
    await expect(openSystemBus({ address: lab.address, limitMs: LIMIT_MS })).rejects.toMatchObject({
      code: 'OWNER_UNREACHABLE',
      details: { what: 'the system bus does not answer' },
    });
    expect(performance.now() - begun).toBeLessThan(500);
    await expect(bus.call({ ...DAEMON, member: 'GetId' }, LIMIT_MS)).rejects.toMatchObject({
      code: 'OWNER_UNREACHABLE',
    });
    const stop = AbortSignal.timeout(20);
    const opening = openSystemBus({ address: lab.address, limitMs: 60_000, signal: stop });
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
    lab.resume();
    expect(await bus.call({ ...DAEMON, member: 'GetId' })).toHaveLength(1);
    lab.pause();
    await bus.close();
  });

  it('an open connection does not keep a process alive, nor a subscription; a call that waits does', async () => {
    await using lab = await startSystemBus();
    const { wait } = await startPeer(lab);
    const module = new URL('../../../../src/host/owners/bus/system-bus.ts', import.meta.url).href;
    const script = `import { openSystemBus } from ${JSON.stringify(module)};
      const bus = await openSystemBus({ limitMs: 5000 });
      await bus.subscribe({ member: 'X' }, () => {});
      bus.call(${JSON.stringify(wait)}, 300).catch(error => console.log(error.code));`;
    const run = await runCommand([process.execPath, '--no-warnings', '--input-type=module', '-e', script], {
      env: { DBUS_SYSTEM_BUS_ADDRESS: lab.address },
      timeoutMs: 20_000,
    });
    expect(run).toEqual({ stdout: 'OWNER_UNREACHABLE\n', stderr: '', code: 0 });
  });
});

describe('no bus, or no good one', () => {
  it('is undefined where there is no socket', async () => {
    expect(await openSystemBus({ address: 'unix:path=/nonexistent/bus', limitMs: LIMIT_MS })).toBeUndefined();
    const opening = openSystemBus({ address: 'tcp:host=127.0.0.1,port=1', limitMs: LIMIT_MS });
    await expect(opening).rejects.toMatchObject({
      code: 'OWNER_UNREACHABLE',
      details: { advice: expect.any(String) as string },
    });
  });

  it.each([
    ['hangs up', 'end', ''],
    ['turns us away', 'data', 'REJECTED NOTHING\r\n'],
    ['talks nonsense', 'data', 'OK 1234\r\nthis is no message of D-Bus at all'],
    ['declares a message of 2 GiB', 'data', 'OK 1234\r\nl\x02\x01\x01\xff\xff\xff\x7f\x01\x00\x00\x00\x10\x00\x00\x00'],
    ['never ends its line', 'data', 'x'.repeat(100_000)],
  ])('a bus that %s is unreachable, within the limit', async (_title, act, text) => {
    // Its disposal waits for the end of every connection.
    await using server = createServer(socket => {
      socket.on('error', () => {});
      socket.once('data', () => (act === 'end' ? socket.end() : socket.write(text, 'latin1')));
    });
    const name = `ovsu-test-${process.pid}`;
    server.listen(`\0${name}`);
    await once(server, 'listening');
    const begun = performance.now();
    const opening = openSystemBus({ address: `unix:abstract=${name}`, limitMs: LIMIT_MS });
    await expect(opening).rejects.toMatchObject({ code: 'OWNER_UNREACHABLE' });
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
