/**
 * Waits for something that calls back, with a deadline and a signal. `start` returns what undoes its subscriptions; it is
 * called in every outcome.
 */
export function waitUntil<T>(
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  limits: {
    readonly signal?: AbortSignal | undefined;
    /** Undefined or 0: no deadline. */
    readonly timeoutMs?: number | undefined;
    readonly onAbort: () => unknown;
    readonly onTimeout: () => unknown;
  },
): Promise<T> {
  const { signal, timeoutMs } = limits;
  if (signal?.aborted === true) return Promise.reject(limits.onAbort());
  return new Promise<T>((resolve, reject) => {
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    let undo: (() => void) | undefined;
    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      undo?.();
      act();
    };
    const abort = () => settle(() => reject(limits.onAbort()));
    undo = start(
      value => settle(() => resolve(value)),
      error => settle(() => reject(error)),
    );
    if (settled) {
      undo();
      return;
    }
    signal?.addEventListener('abort', abort);
    if (timeoutMs !== undefined && timeoutMs > 0) {
      timer = setTimeout(() => settle(() => reject(limits.onTimeout())), timeoutMs);
    }
  });
}
