import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { insert, type OvsdbClient, select, update } from '../../src/ovsdb/index.ts';
import {
  connectIn,
  createLab,
  createServerIn,
  type Daemon,
  type Lab,
  nextEvent,
  type TestServer,
  whyNoOvs,
} from './ovsdb-lab.ts';

describe.skipIf(whyNoOvs() !== undefined)('a lock', () => {
  let lab: Lab;
  let server: TestServer;
  let daemon: Daemon;
  let first: OvsdbClient;
  let second: OvsdbClient;
  beforeEach(async () => {
    lab = await createLab();
    server = createServerIn(lab);
    daemon = server.start();
    first = await connectIn(lab, server.remote);
    second = await connectIn(lab, server.remote);
    await first.transact([insert('Open_vSwitch', {})]);
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  test('is held by one client, and by the next in line when that one lets go', async () => {
    const locked = nextEvent(first, 'locked');
    await first.lock('uplink').acquire();
    expect(await locked).toEqual({ type: 'locked', name: 'uplink' });
    const waiting = second.lock('uplink').acquire();
    await second.echo();
    expect([first.lock('uplink').held, second.lock('uplink').held]).toEqual([true, false]);
    await first.lock('uplink').release();
    await waiting;
    expect([first.lock('uplink').held, second.lock('uplink').held]).toEqual([false, true]);
  });

  test('goes to the next in line when the connection of its holder ends', async () => {
    await first.lock('uplink').acquire();
    const locked = nextEvent(second, 'locked');
    const waiting = second.lock('uplink').acquire();
    await second.echo();
    await first.close();
    await waiting;
    expect(await locked).toEqual({ type: 'locked', name: 'uplink' });
  });

  test('can be stolen, also from the queue; the victim is told and gets it back', async () => {
    await first.lock('uplink').acquire();
    const queued = second.lock('uplink').acquire();
    await second.echo();
    const stolen = nextEvent(first, 'stolen');
    await second.lock('uplink').steal();
    await queued;
    await stolen;
    expect([first.lock('uplink').held, second.lock('uplink').held]).toEqual([false, true]);
    const back = nextEvent(first, 'locked');
    await second.lock('uplink').release();
    await back;
    expect(first.lock('uplink').held).toBe(true);
  });

  test('leaves the queue when the signal ends', async () => {
    await first.lock('uplink').acquire();
    const stop = new AbortController();
    const waiting = second.lock('uplink').acquire(stop.signal);
    await second.echo();
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await first.lock('uplink').release();
    await second.echo();
    expect(second.lock('uplink').held).toBe(false);
    await first.lock('uplink').acquire(AbortSignal.timeout(5_000));
  });

  test('guards a transaction: refused without it, done with it', async () => {
    const change = [
      update('Open_vSwitch', [], { external_ids: { by: 'second' } }),
      select('Open_vSwitch', [], ['external_ids']),
    ];
    await first.lock('uplink').acquire();
    await expect(second.transact(change, { assertLock: 'uplink' })).rejects.toMatchObject({
      code: 'OVSDB_REFUSED',
      details: { ovsdbError: 'not owner', object: 'operation 1: assert' },
    });
    const results = await first.transact(change, { assertLock: 'uplink' });
    expect(results).toEqual([{ count: 1 }, { rows: [{ external_ids: { by: 'second' } }] }]);
  });

  test('is lost with the connection and asked for again by itself', async () => {
    const lock = first.lock('uplink');
    const events: string[] = [];
    lock.subscribe(event => events.push(event));
    await lock.acquire();
    await second.close();
    const lost = nextEvent(first, 'disconnected');
    await daemon.kill('SIGKILL');
    await lost;
    expect(lock.held).toBe(false);
    server.start();
    await lock.acquire(AbortSignal.timeout(10_000));
    await lock.release();
    expect(events).toEqual(['held', 'lost', 'held', 'released']);
  });

  test('rejects who waits for it when the client is closed', async () => {
    await first.lock('uplink').acquire();
    const waiting = second
      .lock('uplink')
      .acquire()
      .catch(error => error);
    await second.echo();
    await second.close();
    expect(await waiting).toMatchObject({ code: 'OVSDB_DISCONNECTED' });
  });
});
