import koffi from 'koffi';

/** A running watch on a descriptor. Close it before the descriptor. */
export interface Readiness {
  close(): void;
}

/**
 * Calls back whenever a descriptor has something to read or an error to report, until closed; level triggered.
 *
 * The callback runs from setImmediate, not from libuv's poll callback: koffi calls that one outside of Node's callback
 * scope, where exceptions are swallowed and promise reactions are not run. After an overrun (EPOLLERR) libuv stops the
 * handle with status EBADF (blocks.md §1.3); it is started again here, and the next receive returns ENOBUFS.
 */
export function watchReadable(fd: number, onReadable: () => void): Readiness {
  let scheduled: NodeJS.Immediate | undefined;
  let closed = false;
  const run = () => {
    scheduled = undefined;
    if (!closed) onReadable();
  };
  // The types say one argument; the call has two (blocks.md §1.4).
  const onPoll = (...args: unknown[]) => {
    if (closed) return;
    const status = args[0];
    if (typeof status === 'number' && status < 0) handle.start({ readable: true }, onPoll);
    scheduled ??= setImmediate(run);
  };
  const handle = koffi.node.poll(fd, { readable: true }, onPoll);
  return {
    close() {
      if (closed) return;
      closed = true;
      if (scheduled !== undefined) clearImmediate(scheduled);
      // Nothing may be called on the handle after this: koffi frees it.
      handle.close();
    },
  };
}

/** Resolves when the descriptor is readable; rejects with the signal's reason. */
export function untilReadable(fd: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const finish = (settle: () => void) => {
      readiness.close();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const readiness = watchReadable(fd, () => finish(resolve));
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
