import { describe, expect, it } from 'vitest';
import { realClock, waitUntil } from '../../src/engine/clock.ts';
import { createVirtualClock } from '../../src/host/simulated/virtual-clock.ts';

/** Something that can be watched. */
function createSignal() {
  const listeners = new Set<() => void>();
  return {
    listeners,
    subscribe: (check: () => void) => {
      listeners.add(check);
      return () => listeners.delete(check);
    },
    change: () => {
      for (const check of [...listeners]) check();
    },
  };
}

const never = new AbortController().signal;

describe('waiting for a condition', () => {
  it('that holds already waits for nothing, even when it was aborted', async () => {
    const clock = createVirtualClock();
    const { subscribe, listeners } = createSignal();
    expect(await waitUntil(clock, () => true, subscribe, 0, AbortSignal.abort())).toBe(true);
    expect(clock.pending()).toBe(0);
    expect(listeners.size).toBe(0);
  });

  it('ends with the change that makes it true, and leaves no timer, listener or handler behind', async () => {
    const clock = createVirtualClock();
    const signal = createSignal();
    let value = 0;
    const waiting = waitUntil(clock, () => value === 2, signal.subscribe, 1000, never);
    value = 1;
    signal.change();
    expect(clock.pending()).toBe(1);
    value = 2;
    signal.change();
    expect(await waiting).toBe(true);
    expect(clock.pending()).toBe(0);
    expect(signal.listeners.size).toBe(0);
    signal.change();
  });

  it('is not asked again by time alone: the deadline says no', async () => {
    const clock = createVirtualClock();
    const { subscribe, listeners } = createSignal();
    let asked = 0;
    const waiting = waitUntil(
      clock,
      () => {
        asked += 1;
        return false;
      },
      subscribe,
      1000,
      never,
    );
    clock.advance(999);
    expect(listeners.size).toBe(1);
    clock.advance(1);
    expect(await waiting).toBe(false);
    expect(asked).toBe(1);
    expect(listeners.size).toBe(0);
  });

  it('ends with an abort, before and during', async () => {
    const clock = createVirtualClock();
    const { subscribe, listeners } = createSignal();
    expect(await waitUntil(clock, () => false, subscribe, 1000, AbortSignal.abort())).toBe(false);
    const controller = new AbortController();
    const waiting = waitUntil(clock, () => false, subscribe, 1000, controller.signal);
    controller.abort();
    expect(await waiting).toBe(false);
    expect(clock.pending()).toBe(0);
    expect(listeners.size).toBe(0);
  });

  it('sees a change that comes while it subscribes', async () => {
    const clock = createVirtualClock();
    let value = false;
    const subscribe = (check: () => void): (() => void) => {
      value = true;
      queueMicrotask(check);
      return () => undefined;
    };
    expect(await waitUntil(clock, () => value, subscribe, 1000, never)).toBe(true);
  });
});

describe('the real clock', () => {
  it('runs forward, and tells the wall time', async () => {
    const from = realClock.now();
    await new Promise<void>(resolve => realClock.setTimeout(resolve, 1));
    expect(realClock.now()).toBeGreaterThan(from);
    expect(Math.abs(realClock.wallTime() - Date.now())).toBeLessThan(10_000);
  });

  it('takes a timer back', () => {
    const handle = realClock.setTimeout(() => {
      throw new Error('it was taken back');
    }, 0);
    realClock.clearTimeout(handle);
  });
});
