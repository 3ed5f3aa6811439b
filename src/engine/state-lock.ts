import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { isUplinkError, uplinkError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { watchClosing } from './closed-files.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** flock(2) */
type Flock = (fd: number, operation: number) => number;

let flock: Flock | undefined;

function bindFlock(): Flock {
  flock ??= koffi.load(null).func('int flock(int, int)') as unknown as Flock;
  return flock;
}

/** A held lock; it also goes with the process, however that ends. */
export interface StateLock {
  release(): void;
}

/**
 * Takes the one lock of a state folder (flock on `lock`), without waiting. Rejects with `LOCK_HELD`, naming the process that has it;
 * `JOURNAL_WRITE` when the file cannot be made.
 */
export function takeStateLock(directory: string): StateLock {
  const path = join(directory, 'lock');
  const fd = openLockFile(path);
  try {
    if (!tryLock(fd)) {
      throw uplinkError('LOCK_HELD', {
        what: 'another ovs-uplink works on this host',
        object: path,
        got: readHolder(fd),
        advice: 'wait until it has finished, or look at it with `ovs-uplink status`',
      });
    }
    writeHolder(fd);
  } catch (error) {
    closeSync(fd);
    throw isUplinkError(error) ? error : lockFileError(path, error);
  }
  return { release: () => closeSync(fd) };
}

/** So long the kernel may take from telling of a closed file until its lock is gone, in tries of a millisecond. */
const TRIES = 20;
/** Between two tries where the kernel takes no further watch (fs.inotify.max_user_instances): the only way left. */
const UNWATCHED_MS = 10;

/**
 * Takes the lock as soon as whoever holds it lets go, or ends; the kernel tells us. Rejects as {@link takeStateLock}, with `LOCK_HELD` only when the
 * limit passes. No thread waits in the kernel meanwhile: it could not be called back, and node would wait for it at its end.
 */
export async function awaitStateLock(directory: string, clock: Clock, limitMs: number): Promise<StateLock> {
  const path = join(directory, 'lock');
  const fd = openLockFile(path);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.setTimeout(() => {
    const got = readHolder(fd);
    reject(uplinkError('LOCK_HELD', { what: 'another ovs-uplink does not let go', object: path, got }));
  }, limitMs);
  const sleep = (ms: number): Promise<void> => new Promise(resolve => void clock.setTimeout(resolve, ms));
  let closed = Promise.withResolvers<void>();
  let unwatch: (() => void) | undefined;
  try {
    // Before the first try: no end of a holder is missed in between.
    unwatch = tryWatch(path, () => closed.resolve());
    for (let tries = 1; !tryLock(fd); tries -= 1) {
      if (tries > 0) {
        await Promise.race([late, sleep(1)]);
        continue;
      }
      await Promise.race([late, unwatch === undefined ? sleep(UNWATCHED_MS) : closed.promise]);
      closed = Promise.withResolvers();
      tries = TRIES;
    }
  } catch (error) {
    closeSync(fd);
    throw isUplinkError(error) ? error : lockFileError(path, error);
  } finally {
    unwatch?.();
    clock.clearTimeout(timer);
  }
  try {
    writeHolder(fd);
  } catch {
    // A full disk: the lock is ours all the same, only its file does not say so.
  }
  return { release: () => closeSync(fd) };
}

function tryWatch(path: string, onClosed: () => void): (() => void) | undefined {
  try {
    return watchClosing(path, onClosed);
  } catch {
    return undefined;
  }
}

function tryLock(fd: number): boolean {
  return bindFlock()(fd, LOCK_EX | LOCK_NB) === 0;
}

function writeHolder(fd: number): void {
  ftruncateSync(fd, 0);
  writeSync(fd, `pid ${process.pid}\n`, 0);
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw lockFileError(path, error);
  }
}

function lockFileError(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return uplinkError(
    'JOURNAL_WRITE',
    {
      what: 'cannot write the lock file',
      object: path,
      got: message,
      ...(code === undefined ? {} : { errnoName: code }),
      advice: 'free some space or name another folder with --state-dir; nothing is changed without it',
    },
    error,
  );
}

/** Who holds the lock; null when it is free or was never made. */
export function findLockHolder(directory: string): string | null {
  let fd: number;
  try {
    fd = openSync(join(directory, 'lock'), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    return tryLock(fd) ? null : readHolder(fd);
  } finally {
    closeSync(fd);
  }
}

function readHolder(fd: number): string {
  const buffer = Buffer.alloc(64);
  const length = readSync(fd, buffer, 0, buffer.length, 0);
  return buffer.toString('utf8', 0, length).trim() || 'unknown process';
}
