import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../../src/errors.ts';
import { attach, createHostPort, ROWS, simulateOvs } from './simulated-ovs.ts';

describe('a connection to a simulated OVSDB', () => {
  it('has no copy before it is asked to connect, and is told nothing', async () => {
    const { apply, ovs } = await simulateOvs();
    const other = ovs.openConnection();
    apply(createHostPort('netdev', 'port0'));
    expect([other.state(), other.connected()]).toEqual([undefined, false]);
    expect(other.commit(attach('eth0'))).toMatchObject({ ok: false, failure: { code: 'OVSDB_DISCONNECTED' } });
    await other.connect();
    expect(other.state()).toBe(ovs.database());
  });

  it('waits for a server that is down, and gives up when told to', async () => {
    const { clock, ovs } = await simulateOvs();
    ovs.stopOvsdb();
    const giveUp = new AbortController();
    const [patient, impatient] = [ovs.openConnection(), ovs.openConnection()];
    const connecting = patient.connect();
    const waiting = impatient.connect(giveUp.signal);
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'OVSDB_UNREACHABLE' });
    ovs.startOvsdb();
    clock.advance(100);
    await expect(connecting).resolves.toBe(ovs.database());
  });

  it('carries a change out whose answer is lost, and says that nobody knows', async () => {
    const { clock, commit, connection, events, ovs } = await simulateOvs();
    ovs.loseNextAnswer();
    expect(commit(createHostPort('netdev', 'port0'))).toMatchObject({
      ok: false,
      failure: { code: 'OVSDB_DISCONNECTED', got: expect.stringContaining('outcome unknown') },
    });
    expect(ovs.database().bridges).toHaveLength(1);
    expect(connection.connected()).toBe(false);
    expect(() => connection.ownRows('m-1')).toThrow(/OVSDB_DISCONNECTED/);
    clock.advance(100);
    expect(connection.ownRows('m-1')).toEqual({ bridge: true, hostPort: true, uplink: false });
    const types = events.map(event => event.type);
    expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
      'ovsdb.connection.lost',
      'ovsdb.state.changed',
      'ovsdb.connection.opened',
      'ovsdb.state.changed',
    ]);
  });

  it('keeps its copy as it was while it is cut off, and catches up afterwards', async () => {
    const { apply, clock, connection, ovs } = await simulateOvs();
    apply(createHostPort('netdev', 'port0'));
    const before = connection.state();
    ovs.dropConnection();
    ovs.removeOurRows();
    expect(connection.state()).toBe(before);
    clock.advance(100);
    expect(connection.state()?.bridges).toEqual([]);
  });

  it('loses the lock with the connection, before it hears of the loss', async () => {
    const { connection, events, ovs } = await simulateOvs();
    const lost: Failure[] = [];
    const told: string[] = [];
    connection.subscribe(event => told.push(event.type));
    await connection.lock(failure => {
      lost.push(failure);
      told.push('lock');
    });
    ovs.dropConnection();
    expect(lost).toMatchObject([{ code: 'OVSDB_DISCONNECTED' }]);
    expect(told).toEqual(['lock', 'ovsdb.connection.lost']);
    expect(events.at(-1)).toMatchObject({ type: 'ovsdb.connection.lost', failure: { code: 'OVSDB_DISCONNECTED' } });
  });

  it('gets a lock that is given back within its patience, and not one that is kept longer', async () => {
    const { clock, connection, ovs } = await simulateOvs();
    ovs.holdLock();
    const early = connection.lock(() => {}, 100);
    clock.advance(100);
    await expect(early).rejects.toMatchObject({ code: 'LOCK_HELD' });
    const late = connection.lock(() => {}, 100);
    clock.advance(99);
    ovs.freeLock();
    await expect(late).resolves.toBeTypeOf('function');
  });

  it('gives the lock back when its process ends', async () => {
    const { connection, ovs } = await simulateOvs();
    const other = ovs.openConnection();
    await other.connect();
    await connection.lock(() => {});
    await expect(other.lock(() => {})).rejects.toMatchObject({ code: 'LOCK_HELD' });
    connection.close();
    await expect(other.lock(() => {})).resolves.toBeTypeOf('function');
  });

  it('tells nobody anything once it is closed', async () => {
    const { connection, events, ovs } = await simulateOvs();
    connection.close();
    ovs.touch();
    ovs.stopOvsdb();
    expect(events).toEqual([]);
    expect(connection.connected()).toBe(false);
  });

  it('commits, but says that nobody applies it, where the database was never initialised', async () => {
    const { commit } = await simulateOvs('netdev', {
      initial: { schemaVersion: '8.3.1', system: null, bridges: [], ports: [], interfaces: [] },
    });
    expect(commit({ op: 'ovs.rows.remove', rows: ROWS })).toMatchObject({
      ok: false,
      failure: { code: 'OVSDB_NOT_APPLIED' },
    });
  });

  it('does the same at the same virtual moments each time', async () => {
    const runOnce = async (): Promise<string> => {
      const { apply, events, kernel, ovs, settle } = await simulateOvs();
      apply(createHostPort('netdev', 'port0'));
      apply(attach('eth0'));
      ovs.stopVswitchd('kill');
      ovs.stopOvsdb();
      ovs.startOvsdb();
      ovs.startVswitchd();
      settle();
      return JSON.stringify([events, kernel.read({ routes: true }), ovs.database()]);
    };
    expect(await runOnce()).toBe(await runOnce());
  });
});
