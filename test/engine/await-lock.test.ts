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
    // Several turns of the event loop, in which it would have come.
    for (let turn = 0; turn < 20; turn += 1) await new Promise<void>(resolve => setImmediate(resolve));
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
    // Else its thread would wait for ever.
    holder.release();
  });
});
