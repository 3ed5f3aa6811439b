import { performance } from 'node:perf_hooks';
import { uplinkError } from '../errors.ts';

/** Time as the engine sees it; the only place outside the drivers that touches timers. XState takes it as its clock. */
export interface Clock {
  /** Monotonic ms; differences only. */
  now(): number;
  /** Wall-clock ms since the epoch, for what must survive a restart. */
  wallTime(): number;
  setTimeout(fn: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The real clock. */
export const realClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimeout: (fn, delayMs) => setTimeout(fn, delayMs),
  clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
};

/** Resolves when `condition` holds, asked now and each time `subscribe` calls back; false when `limitMs` pass or the signal aborts first. */
export function waitUntil(
  clock: Clock,
  condition: () => boolean,
  subscribe: (check: () => void) => () => void,
  limitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (condition()) return Promise.resolve(true);
  if (signal.aborted) return Promise.resolve(false);
  return new Promise(resolve => {
    const end = (outcome: boolean): void => {
      clock.clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const onAbort = (): void => end(false);
    const timer = clock.setTimeout(() => end(false), limitMs);
    const unsubscribe = subscribe(() => {
      if (condition()) end(true);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Gives `work` a signal that aborts as soon as one of these does. Unlike `AbortSignal.any` it leaves nothing behind: that one is held by weak
 * references, which only the slow collector clears, and with them everything that the work could reach.
 */
export async function underSignals<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const stops = signals.map(signal => {
    const onAbort = (): void => own.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await work(own.signal);
  } finally {
    for (const stop of stops) stop();
  }
}

/** Gives `work` a signal that aborts with the given one, or with `OVSDB_TIMEOUT` when OVSDB has not answered within `limitMs`. */
export async function underOvsdbLimit<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = clock.setTimeout(() => {
    limit.abort(
      uplinkError('OVSDB_TIMEOUT', { what: 'OVSDB does not answer', expected: `an answer within ${limitMs} ms` }),
    );
  }, limitMs);
  try {
    return await underSignals(signal === undefined ? [limit.signal] : [signal, limit.signal], work);
  } finally {
    clock.clearTimeout(timer);
  }
}
