import type { VirtualClock } from '../../host/simulated/virtual-clock.ts';

/** All promise callbacks run before the next turn of the event loop. */
export function drain(): Promise<void> {
  return new Promise(resolve => process.nextTick(resolve));
}

/** Lets virtual time go on until the promise settles. Throws `RangeError` when nothing is left that could settle it. */
export async function underVirtualTime<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  for (;;) {
    await drain();
    if (isSettled) return promise;
    if (!clock.runNext()) throw new RangeError('nothing is left that could settle this promise');
  }
}
