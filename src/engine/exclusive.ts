/**
 * One hand at a time: runs what it is given one after another. A step that ran into its deadline may still wait for an answer; what
 * undoes it begins only when it has really ended.
 */
export function createExclusive(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
