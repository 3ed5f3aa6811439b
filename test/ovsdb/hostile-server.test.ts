import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Failure } from '../../src/errors.ts';
import { createOvsdbClient, isOutcomeUnknown, select } from '../../src/ovsdb/index.ts';
import { connectIn, createLab, type Lab, nextEvent } from './ovsdb-lab.ts';
import { onMessages, serveTiny, startRawServer } from './raw-server.ts';

const tiny = { database: 'Tiny' };

describe('a server that does not keep to the protocol', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab();
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  async function whyDisconnected(spoil: (socket: Socket) => void, options = {}): Promise<Failure> {
    let first = true;
    let live: Socket | undefined;
    const remote = await startRawServer(lab, 'raw', socket => {
      if (first) live = socket;
      first = false;
      serveTiny(socket, () => false);
    });
    const client = await connectIn(lab, remote, { ...tiny, ...options });
    const gone = nextEvent(client, 'disconnected') as Promise<{ reason: Failure }>;
    const again = nextEvent(client, 'connected');
    if (live !== undefined) spoil(live);
    const { reason } = await gone;
    await again;
    expect(await client.echo(['fine'])).toEqual(['fine']);
    return reason;
  }

  test.each<[string, string, RegExp]>([
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n', /0x48/],
    ['brackets that do not match', '{"a":1]}', /not JSON|bracket/],
    ['something that is not JSON', '{"a":nope}', /not JSON/],
    ['endless nesting', `{"a":${'['.repeat(500)}`, /nested/],
    ['a reply that nobody asked for', '{"id":4711,"result":[],"error":null}', /4711/],
    ['a reply with a strange id', '{"id":{"a":1},"result":[],"error":null}', /never made/],
    ['an update of a monitor that was never made', '{"id":null,"method":"update2","params":["nothing",{}]}', /nothing/],
    ['a notification without params', '{"id":null,"method":"locked"}', /params/],
    ['neither request nor reply', '{}', /neither/],
  ])('is left and tried again after %s', async (_name, bytes, why) => {
    const reason = await whyDisconnected(socket => socket.write(bytes));
    expect(reason.code).toBe('OVSDB_PROTOCOL');
    expect(reason.got).toMatch(why);
  });

  test('is left after a message over the bound, which is not kept', async () => {
    const reason = await whyDisconnected(socket => socket.write(`{"a":"${'x'.repeat(20_000)}"}`), {
      maxMessageBytes: 10_000,
    });
    expect(reason.code).toBe('OVSDB_TOO_LARGE');
    expect(reason.advice).toMatch(/maxMessageBytes/);
  });

  test('is left when it falls silent, on a unix socket too', async () => {
    let deaf = false;
    const remote = await startRawServer(lab, 'raw', socket => serveTiny(socket, () => deaf));
    const client = await connectIn(lab, remote, { ...tiny, inactivityProbeMs: 30 });
    const gone = nextEvent(client, 'disconnected') as Promise<{ reason: Failure }>;
    deaf = true;
    const { reason } = await gone;
    deaf = false;
    expect(reason.got).toMatch(/nothing heard for 60 ms/);
    await client.connect({ timeoutMs: 5_000 });
  });

  test('is not left while it takes its time to fill a monitor', async () => {
    let release: (() => void) | undefined;
    let probes = 0;
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const remote = await startRawServer(lab, 'raw', socket =>
      serveTiny(socket, ({ id, method, params }, send) => {
        if (release !== undefined && method === 'echo') probes++;
        if (method !== 'monitor' || (params[0] as string) !== 'Tiny') return release !== undefined;
        release = () =>
          send({ id, result: { T: { '00000000-0000-0000-0000-000000000001': { new: { n: 5 } } } }, error: null });
        resolve();
        return true;
      }),
    );
    const client = await connectIn(lab, remote, { ...tiny, inactivityProbeMs: 20 });
    const filled = client.monitor({ T: { columns: ['n'] } });
    await asked;
    // Ten times the silence that would end it otherwise.
    await once(AbortSignal.timeout(400), 'abort');
    expect(client.state).toBe('connected');
    release?.();
    expect([...((await filled).tables.get('T')?.values() ?? [])]).toEqual([{ n: 5 }]);
    expect(client.counters.connects).toBe(1);
    expect(probes).toBe(0);
  });

  test('that accepts and drops at once is not hammered', async () => {
    let accepted = 0;
    const remote = await startRawServer(lab, 'raw', socket => {
      accepted++;
      socket.destroy();
    });
    await expect(connectWithin(remote, 400)).rejects.toMatchObject({ code: 'OVSDB_UNREACHABLE' });
    // 10, 20, 40, 80, then 100 ms between tries.
    expect(accepted).toBeGreaterThan(2);
    expect(accepted).toBeLessThan(10);
  });

  test('that never answers ends connect with the reason', async () => {
    const remote = await startRawServer(lab, 'raw', () => {});
    await expect(connectWithin(remote, 300, { connectTimeoutMs: 100 })).rejects.toThrow(/get_schema.*100 ms/);
  });

  async function connectWithin(remote: string, timeoutMs: number, options = {}): Promise<void> {
    await using client = createOvsdbClient({
      remotes: remote,
      ...tiny,
      reconnect: { minDelayMs: 10, maxDelayMs: 100 },
      ...options,
    });
    await client.connect({ timeoutMs });
  }

  test('an update that makes no sense leads to a full download', async () => {
    const row = '00000000-0000-0000-0000-000000000001';
    let live: ((message: unknown) => void) | undefined;
    let n = 1;
    const remote = await startRawServer(lab, 'raw', socket =>
      serveTiny(socket, ({ id, method, params }, send) => {
        if (method !== 'monitor_cond_since') return false;
        live = send;
        if (params[0] === '_Server') send({ id, error: { error: 'unknown database' } });
        else
          send({
            id,
            result: [false, '00000000-0000-0000-0000-000000000000', { T: { [row]: { initial: { n } } } }],
            error: null,
          });
        return true;
      }),
    );
    const client = await connectIn(lab, remote, tiny);
    const replica = await client.monitor({ T: { columns: ['n'] } });
    const changes: unknown[] = [];
    replica.subscribe(all => changes.push(...all.map(({ before, after }) => [before, after])));
    const gone = nextEvent(client, 'disconnected') as Promise<{ reason: Failure }>;
    const synced = nextEvent(client, 'synced');
    n = 2;
    // Half of it makes sense: none of it may be applied.
    const unknown = '00000000-0000-0000-0000-000000000002';
    live?.({
      id: null,
      method: 'update2',
      params: ['m0', { T: { [row]: { modify: { n: 9 } }, [unknown]: { modify: { n: 1 } } } }],
    });
    expect((await gone).reason.code).toBe('OVSDB_PROTOCOL');
    await synced;
    expect(changes).toEqual([[{ n: 1 }, { n: 2 }]]);
  });

  test('a connection that ends in the middle of a reply leaves the outcome unknown', async () => {
    const remote = await startRawServer(lab, 'raw', socket =>
      serveTiny(socket, ({ id, method }) => {
        if (method !== 'transact') return false;
        socket.end(`{"id":${id},"result":[{"rows":[{"n"`);
        return true;
      }),
    );
    const client = await connectIn(lab, remote, tiny);
    const error = await client.transact([select('T', [])]).catch(reason => reason);
    expect(error.code).toBe('OVSDB_DISCONNECTED');
    expect(isOutcomeUnknown(error.details)).toBe(true);
  });

  test('its own echo is answered', async () => {
    const { promise: answered, resolve } = Promise.withResolvers<unknown>();
    const remote = await startRawServer(lab, 'raw', socket => {
      serveTiny(socket, () => false);
      onMessages(socket, message => {
        if (message.id === 'echo') resolve(message);
      });
      socket.write(JSON.stringify({ id: 'echo', method: 'echo', params: ['ä', 1] }));
    });
    await connectIn(lab, remote, tiny);
    expect(await answered).toEqual({ id: 'echo', result: ['ä', 1], error: null });
  });
});
