import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../src/engine/clock.ts';
import { awaitStateLock, findLockHolder, takeStateLock } from '../../src/engine/state-lock.ts';

describe('waiting for the lock of a state folder', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('ends when the holder lets go, and the lock then names us', async () => {
    const holder = takeStateLock(directory);
    const events: string[] = [];
    const waiting = awaitStateLock(directory, realClock, 30_000).then(lock => {
      events.push('ours');
      return lock;
    });
    // Time in which it would have come: others that wait have given up meanwhile.
    await expect(awaitStateLock(directory, realClock, 50)).rejects.toMatchObject({ code: 'LOCK_HELD' });
    events.push('released');
    holder.release();
    const lock = await waiting;
    expect(events).toEqual(['released', 'ours']);
    expect(findLockHolder(directory)).toBe(`pid ${process.pid}`);
    expect(await readFile(join(directory, 'lock'), 'utf8')).toBe(`pid ${process.pid}\n`);
    lock.release();
    expect(findLockHolder(directory)).toBe(null);
  });

  it('says who does not let go', async () => {
    const holder = takeStateLock(directory);
    const waiting = awaitStateLock(directory, realClock, 50);
    await expect(waiting).rejects.toMatchObject({ code: 'LOCK_HELD', details: { got: `pid ${process.pid}` } });
    holder.release();
    // It has given up for good.
    expect(findLockHolder(directory)).toBe(null);
  });
});
