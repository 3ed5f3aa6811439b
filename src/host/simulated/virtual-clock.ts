import type { Clock } from '../../engine/clock.ts';

/**
 * Time that stands still until it is told to go on.
 *
 * Neither this nor anything else that is made anew for each simulated world has a getter in an object literal: V8 makes a hidden class for each
 * such object, which keeps the world alive until the slow collector comes, and makes every access slow.
 */
export interface VirtualClock extends Clock {
  /** Goes on by so many ms, and calls what is due on the way, in order of due time, then of creation. */
  advance(byMs: number): void;
  /** Goes on to the next timer and calls it; false when none waits. */
  runNext(): boolean;
  /** Timers that wait. */
  pending(): number;
}

interface Timer {
  readonly id: number;
  readonly dueMs: number;
  readonly fn: () => void;
}

/** Makes one; wall time begins at `startMs`. */
export function createVirtualClock(startMs = 1_000_000): VirtualClock {
  let nowMs = 0;
  let lastId = 0;
  // Few timers wait at a time (a deadline or two, what ovs-vswitchd has before it), so a sorted list is the fastest queue.
  const timers: Timer[] = [];

  const fire = (timer: Timer): void => {
    nowMs = timer.dueMs;
    timer.fn();
  };
  return {
    now: () => nowMs,
    wallTime: () => startMs + nowMs,
    setTimeout(fn, delayMs) {
      lastId += 1;
      const timer = { id: lastId, dueMs: nowMs + Math.max(0, delayMs), fn };
      const at = timers.findIndex(other => other.dueMs > timer.dueMs);
      if (at < 0) timers.push(timer);
      else timers.splice(at, 0, timer);
      return lastId;
    },
    clearTimeout(handle) {
      const at = timers.findIndex(timer => timer.id === handle);
      if (at >= 0) timers.splice(at, 1);
    },
    advance(byMs) {
      const endMs = nowMs + byMs;
      for (let next = timers[0]; next !== undefined && next.dueMs <= endMs; next = timers[0]) {
        timers.shift();
        fire(next);
      }
      nowMs = endMs;
    },
    runNext() {
      const next = timers.shift();
      if (next !== undefined) fire(next);
      return next !== undefined;
    },
    pending: () => timers.length,
  };
}
