import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

  it('ends when the holder is killed', async () => {
    const program = `
      import { takeStateLock } from ${JSON.stringify(new URL('../../src/engine/state-lock.ts', import.meta.url).href)};
      takeStateLock(${JSON.stringify(directory)});
      console.log('held');
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const waiting = awaitStateLock(directory, realClock, 30_000);
    holder.kill('SIGKILL');
    (await waiting).release();
    expect(findLockHolder(directory)).toBe(null);
  });

  // A node with many pods has none left for root: the guard must get the lock all the same.
  it.skipIf(process.getuid?.() !== 0)('ends also where the kernel takes no further watch', async () => {
    const holder = takeStateLock(directory);
    const program = `
      import { realClock } from ${JSON.stringify(new URL('../../src/engine/clock.ts', import.meta.url).href)};
      import { awaitStateLock } from ${JSON.stringify(new URL('../../src/engine/state-lock.ts', import.meta.url).href)};
      const waiting = awaitStateLock(${JSON.stringify(directory)}, realClock, 30_000);
      console.log('waiting');
      (await waiting).release();
      console.log('ours');`;
    const unwatched = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"';
    const argv = ['--user', '--map-root-user', 'sh', '-c', unwatched, 'sh', process.execPath];
    const waiter = spawn('unshare', [...argv, '--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    for await (const line of createInterface({ input: waiter.stdout })) {
      said.push(line);
      if (line === 'waiting') holder.release();
    }
    expect(said).toEqual(['waiting', 'ours']);
  });

  it('of many who wait, each gets it, one after the other', async () => {
    let held = 0;
    let most = 0;
    const waiting = Array.from({ length: 20 }, async () => {
      const lock = await awaitStateLock(directory, realClock, 30_000);
      held += 1;
      most = Math.max(most, held);
      await new Promise<void>(resolve => setImmediate(resolve));
      held -= 1;
      lock.release();
    });
    await Promise.all(waiting);
    expect([most, held]).toEqual([1, 0]);
  });

  it('leaves nothing open when it gives up', async () => {
    const holder = takeStateLock(directory);
    await awaitStateLock(directory, realClock, 1).catch(() => undefined);
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 10; round += 1) await awaitStateLock(directory, realClock, 1).catch(() => undefined);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    holder.release();
  });
});
