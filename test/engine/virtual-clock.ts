import type { Clock } from '../../src/engine/clock.ts';

/** Time that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /** Goes on by so many ms, and calls what is due on the way, in order. */
  advance(byMs: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

/** Makes one; wall time begins at `startMs`. */
export function createVirtualClock(startMs = 1_000_000): VirtualClock {
  let nowMs = 0;
  let lastId = 0;
  const timers = new Map<number, { readonly dueMs: number; readonly fn: () => void }>();
  return {
    now: () => nowMs,
    wallTime: () => startMs + nowMs,
    setTimeout(fn, delayMs) {
      lastId += 1;
      timers.set(lastId, { dueMs: nowMs + delayMs, fn });
      return lastId;
    },
    clearTimeout: handle => {
      timers.delete(handle as number);
    },
    advance(byMs) {
      const endMs = nowMs + byMs;
      for (;;) {
        const [next] = [...timers].sort(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b);
        if (next === undefined || next[1].dueMs > endMs) break;
        timers.delete(next[0]);
        nowMs = next[1].dueMs;
        next[1].fn();
      }
      nowMs = endMs;
    },
    get pending() {
      return timers.size;
    },
  };
}
