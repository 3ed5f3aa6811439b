import { createConnection, type Socket } from 'node:net';
import { uplinkError } from '../../../errors.ts';

/** No socket there, or nobody behind it: this host has no such bus. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);

/**
 * Opens a unix socket; undefined where nobody listens. Rejects with `OWNER_UNREACHABLE` for any other refusal (`EAGAIN`: the queue of a
 * stopped bus is full), and with the signal's reason.
 */
export function dial(path: string, signal: AbortSignal): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = createConnection({ path });
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
      socket.off('error', onError);
      act();
    };
    const giveUp = (act: () => void): void => {
      socket.on('error', () => {});
      socket.destroy();
      act();
    };
    const onConnect = (): void => settle(() => resolve(socket));
    const onAbort = (): void => settle(() => giveUp(() => reject(signal.reason)));
    const onError = (error: NodeJS.ErrnoException): void =>
      settle(() =>
        giveUp(() => {
          if (ABSENT.has(error.code ?? '')) resolve(undefined);
          else reject(uplinkError('OWNER_UNREACHABLE', refusal(path, error), error));
        }),
      );
    socket.once('connect', onConnect);
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function refusal(path: string, error: NodeJS.ErrnoException): { what: string; object: string; got: string } {
  return { what: 'cannot connect to the system bus', object: path.replace('\0', '@'), got: error.message };
}
