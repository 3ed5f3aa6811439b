import { describe, expect, it } from 'vitest';
import type { GuardOrder } from '../../src/engine/guard/guards.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../src/engine/simulated-surroundings.ts';
import type { Failure } from '../../src/errors.ts';
import type { OperationFault } from '../../src/host/simulated/simulated-process.ts';
import { spawnProcess } from '../../src/host/simulated/simulated-process.ts';
import { createVirtualClock } from '../../src/host/simulated/virtual-clock.ts';
import { catchUsage } from '../cli/catch-usage.ts';
import { journalRecord } from './journal/records.ts';

const ORDER: GuardOrder = { uplink: 'eth0', id: 'm-1', generation: 1 };
const PATIENT = new AbortController().signal;

/** Processes over one state folder. */
function simulate() {
  const clock = createVirtualClock();
  const folder = createSimulatedFolder();
  const start = (faults: Readonly<Record<string, OperationFault>> = {}) => {
    const process = spawnProcess({ clock, oracle: ({ name }) => faults[name], slowMs: 100 });
    return { process, surroundings: createSimulatedSurroundings(process, folder, () => 'id') };
  };
  /** Lets time go on until the promise settles. */
  const complete = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    void promise
      .catch(() => undefined)
      .then(() => {
        isSettled = true;
      });
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      if (isSettled) return promise;
      if (!clock.runNext()) throw new Error('it never settles');
    }
  };
  return { clock, folder, start, complete };
}

describe('the journal of a simulated process', () => {
  it('outlives it, as it was when it was written', async () => {
    const { start, complete } = simulate();
    const record = journalRecord();
    const first = start();
    await complete(first.surroundings.store.write(record));
    first.process.kill();
    const { store } = start().surroundings;
    const read = await store.read('eth0');
    expect(read).toEqual(record);
    expect(read).not.toBe(record);
    expect(await store.list()).toMatchObject([{ uplink: 'eth0', record }]);
    await complete(store.remove('eth0'));
    expect([await store.read('eth0'), await store.list()]).toEqual([undefined, []]);
  });

  it('is not written when the disk is full, and stays as it was', async () => {
    const { start, complete, folder } = simulate();
    const { store } = start().surroundings;
    await complete(store.write(journalRecord()));
    folder.full = true;
    await expect(complete(store.write(journalRecord({ stage: 'verifying' })))).rejects.toMatchObject({
      code: 'JOURNAL_WRITE',
      details: { errnoName: 'ENOSPC' },
    });
    expect((await store.read('eth0'))?.stage).toBe('preparing');
    expect(folder.written.map(({ stage }) => stage)).toEqual(['preparing']);
    // Removing frees room.
    await complete(store.remove('eth0'));
    folder.full = false;
    await complete(store.write(journalRecord()));
  });

  it('may be there although its write failed', async () => {
    const { start, complete } = simulate();
    const { store } = start({ 'journal.write preparing': 'answer-lost' }).surroundings;
    await expect(complete(store.write(journalRecord()))).rejects.toMatchObject({ code: 'JOURNAL_WRITE' });
    expect(await store.read('eth0')).toBeDefined();
  });
});

describe('the lock of a simulated state folder', () => {
  it('is held by one process at a time, and free when that gives it back or dies', () => {
    const { start } = simulate();
    const [first, second] = [start(), start()];
    const lock = first.surroundings.takeLock();
    expect(() => second.surroundings.takeLock()).toThrow('LOCK_HELD');
    expect([first, second].map(({ surroundings }) => surroundings.findLockHolder())).toEqual([null, 'another process']);
    lock.release();
    second.surroundings.takeLock();
    // It was given back already: nothing is taken from the other.
    lock.release();
    expect(first.surroundings.findLockHolder()).toBe('another process');
    second.process.kill();
    expect(first.surroundings.findLockHolder()).toBeNull();
    first.surroundings.takeLock();
  });
});

describe('the guard of a simulated process', () => {
  it('is posted, is heard of when it ends, and not after it was sent away', async () => {
    const { start, complete, folder } = simulate();
    const { guards } = start().surroundings;
    const lost: Failure[] = [];
    await complete(guards!.arm(ORDER, failure => lost.push(failure), PATIENT));
    folder.loseGuard?.();
    folder.loseGuard?.();
    expect(lost).toMatchObject([{ code: 'GUARD_FAILED' }]);
    const armed = await complete(guards!.arm(ORDER, failure => lost.push(failure), PATIENT));
    expect(await complete(armed!.disarm())).toBeNull();
    folder.loseGuard?.();
    expect(lost).toHaveLength(1);
  });

  it('is never told of to a process that is dead', async () => {
    const { start, complete, folder } = simulate();
    const { process, surroundings } = start();
    const lost: Failure[] = [];
    await complete(surroundings.guards!.arm(ORDER, failure => lost.push(failure), PATIENT));
    process.kill();
    folder.loseGuard?.();
    expect(lost).toEqual([]);
  });

  it('may fail to come, and to go', async () => {
    const { start, complete } = simulate();
    const none = start({ 'guard.arm': 'refused' }).surroundings;
    await expect(complete(none.guards!.arm(ORDER, () => undefined, PATIENT))).rejects.toMatchObject({
      code: 'GUARD_FAILED',
    });
    const staying = start({ 'guard.disarm': 'refused' }).surroundings;
    const armed = await complete(staying.guards!.arm(ORDER, () => undefined, PATIENT));
    expect(await complete(armed!.disarm())).toMatchObject({ code: 'GUARD_FAILED' });
  });
});

describe('commands to a simulated run', () => {
  it('from another process reach nobody', async () => {
    const { surroundings } = simulate().start();
    expect((await catchUsage(() => surroundings.sendControl('eth0', 'abort'))).details.object).toBe('eth0');
  });
});
