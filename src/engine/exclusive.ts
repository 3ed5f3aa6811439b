/** Runs what it is given one after another. */
export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * One hand at a time. A step that ran into its deadline may still wait for an answer; what undoes it begins only when it has really
 * ended.
 */
export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
