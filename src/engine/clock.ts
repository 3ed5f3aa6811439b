import { performance } from 'node:perf_hooks';

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
