import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Failure } from '../../src/errors.ts';
import { toFailure } from '../../src/errors.ts';
import type { OvsEffect } from '../../src/host/linux-effects.ts';
import { createOvsLink, OVSDB_LOCK, type OvsLink } from '../../src/host/linux-ovs.ts';
import { createOvsdbClient } from '../../src/ovsdb/index.ts';
import { describeLive } from '../lab/live.ts';
import { createModelSide, type ModelSide } from './conforming/ovs/model-side.ts';
import { createRealSide, type RealSide } from './conforming/ovs/real-side.ts';

const LIMIT_MS = 20_000;
const ROWS = { id: 'm-1', uplink: 'a0', bridge: 'br0' } as const;
const CREATE: OvsEffect = {
  op: 'ovs.host-port.create',
  rows: ROWS,
  bridge: { name: 'br0', create: true, datapathType: 'netdev', hwaddr: null, failMode: 'standalone' },
  hostPort: { name: 'b0', local: false, mac: '02:00:00:00:00:04', mtu: 1500 },
};
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

describeLive('a client of the model of Open vSwitch', () => {
  let real: RealSide;
  let model: ModelSide;
  const signal = (): AbortSignal => AbortSignal.timeout(LIMIT_MS);
  beforeAll(async () => {
    real = await createRealSide();
  });
  beforeEach(async () => {
    await real.reset();
    model = await createModelSide();
  });
  afterAll(() => real[Symbol.asyncDispose]());

  /** Commits on both sides; both failures. */
  async function refusals(effect: OvsEffect): Promise<readonly [Failure | undefined, Failure | undefined]> {
    const really = await failureOf(() => real.ovs.commit(effect, signal()));
    const result = model.connection.commit(effect);
    return [wordsOf(really), wordsOf(result.ok ? undefined : result.failure)];
  }

  it('is refused a name that is there already, in the same words', async () => {
    for (const side of [real, model]) {
      await side.carryOut({ op: 'bridge.add', name: 'br1', datapathType: 'netdev' });
      const type = 'internal' as const;
      await side.carryOut({ op: 'port.add', bridge: 'br1', name: 'b0', type, mac: null, mtuRequest: null });
    }
    const [really, modelled] = await refusals(CREATE);
    expect(really).toMatchObject({ code: 'OVSDB_REFUSED', ovsdbError: 'constraint violation' });
    // Which of the two rows is called the first is the order of a hash table.
    const ordered = (failure: Failure | undefined): unknown => ({
      ...failure,
      ovsdbDetails: failure?.ovsdbDetails?.split('.')[0],
    });
    expect(ordered(modelled)).toEqual(ordered(really));
  });

  it('is refused a bridge that is there already, in the same words, with and without the lock', async () => {
    for (const side of [real, model]) await side.carryOut({ op: 'bridge.add', name: 'br0', datapathType: 'netdev' });
    const [really, modelled] = await refusals(CREATE);
    expect(really).toMatchObject({ code: 'OVSDB_REFUSED', ovsdbError: 'timed out' });
    expect(modelled).toEqual(really);

    const releases = [await real.ovs.lock(() => {}, signal(), 0), await model.connection.lock(() => {})];
    const [locked, modelLocked] = await refusals(CREATE);
    for (const release of releases) await release();
    expect(modelLocked).toEqual(locked);
    expect(locked?.object).not.toBe(really?.object);
  });

  it('can neither write nor ask while ovsdb-server is down, keeps its copy, and finds what is there afterwards', async () => {
    for (const side of [real, model]) await side.carryOut({ op: 'commit', effect: CREATE });
    const before = [real.ovs.state(), model.connection.state()];
    const lost = new Promise<void>(resolve => onConnectionLost(real, resolve));
    await real.lab.stopOvsdb();
    await lost;
    model.ovs.stopOvsdb();

    const [really, modelled] = await refusals({ op: 'ovs.rows.remove', rows: ROWS });
    expect(really?.code).toBe('OVSDB_DISCONNECTED');
    expect(modelled).toEqual(really);
    expect(wordsOf(await failureOf(async () => model.connection.bump()))).toEqual(
      wordsOf(await failureOf(() => real.ovs.bump(signal()))),
    );
    expect(wordsOf(await failureOf(async () => model.connection.ownRows('m-1')))).toEqual(
      wordsOf(await failureOf(() => real.ovs.ownRows('m-1', signal()))),
    );
    expect([real.ovs.connected(), model.connection.connected()]).toEqual([false, false]);
    expect(real.ovs.state()).toBe(before[0]);
    expect(model.connection.state()).toBe(before[1]);

    await real.lab.startOvsdb();
    await real.ovs.connect(signal());
    model.ovs.startOvsdb();
    const connecting = model.connection.connect();
    // Time goes on.
    await model.carryOut({ op: 'link.remove', name: 'nothing' });
    await connecting;
    expect(model.connection.ownRows('m-1')).toEqual(await real.ovs.ownRows('m-1', signal()));
  });

  it('waits for nobody who holds the lock, and is told when it loses it', async () => {
    const other = await otherClient(real);
    const otherModelled = model.ovs.openConnection();
    await otherModelled.connect();
    const releases = [await other.lock(() => {}, signal(), 0), await otherModelled.lock(() => {})];
    const really = wordsOf(await failureOf(() => real.ovs.lock(() => {}, signal(), 0)));
    expect(really?.code).toBe('LOCK_HELD');
    expect(wordsOf(await failureOf(() => model.connection.lock(() => {})))).toEqual(really);
    for (const release of releases) await release();
    await other.close();

    const told: (Failure | undefined)[] = [];
    const stolen = Promise.withResolvers<void>();
    await real.ovs.lock(
      failure => {
        told.push(wordsOf(failure));
        stolen.resolve();
      },
      signal(),
      0,
    );
    await model.connection.lock(failure => void told.push(wordsOf(failure)));
    const thief = createOvsdbClient({ remotes: real.lab.ovsdbRemote });
    await thief.connect();
    await thief.lock(OVSDB_LOCK).steal(signal());
    await stolen.promise;
    await thief.close();
    model.ovs.holdLock();
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual(told[0]);
  });
});

async function otherClient(real: RealSide): Promise<OvsLink> {
  const other = createOvsLink(real.lab.ovsdbRemote, undefined, () => {});
  await other.connect(AbortSignal.timeout(LIMIT_MS));
  return other;
}

function onConnectionLost({ events }: RealSide, listener: () => void): void {
  const push = events.push.bind(events);
  events.push = (...told) => {
    if (told.some(event => event.type === 'ovsdb.connection.lost')) listener();
    return push(...told);
  };
}

async function failureOf(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return toFailure(error);
  }
}

/** A failure without what names this machine. */
function wordsOf(failure: Failure | undefined): Failure | undefined {
  if (failure === undefined) return undefined;
  const { object, ovsdbDetails, ...rest } = failure;
  return {
    ...rest,
    ...(object === undefined ? {} : { object: object.startsWith('unix:') ? 'the remote' : object }),
    ...(ovsdbDetails === undefined ? {} : { ovsdbDetails: ovsdbDetails.replaceAll(UUID, 'a uuid') }),
  };
}
