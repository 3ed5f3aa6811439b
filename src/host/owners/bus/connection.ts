import type { Socket } from 'node:net';
import { type Failure, toFailure, uplinkError } from '../../../errors.ts';
import { createCalls, DAEMON } from './calls.ts';
import { openLibrary } from './library.ts';
import { underLimit } from './limit.ts';
import { createSubscriptions } from './subscriptions.ts';
import type { SystemBus } from './system-bus.ts';
import { toText } from './values.ts';

/** Of {@link greet}; the signal ends the greeting, not the connection. */
interface GreetOptions {
  readonly address: string;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Authenticates on a connected socket and says Hello; the socket is closed when that fails. */
export async function greet(socket: Socket, { address, limitMs, signal }: GreetOptions): Promise<SystemBus> {
  const end = superviseEnd(socket, address);
  try {
    const library = await openLibrary(socket);
    const calls = createCalls(socket, library, limitMs);
    const silent = { what: 'the system bus does not answer', object: address };
    // What was loaded just now took its time, and is no fault of the bus.
    const [name] = await underLimit(limitMs, signal, silent, underway =>
      calls.call({ ...DAEMON, member: 'Hello' }, limitMs, underway),
    );
    socket.unref();
    return { ...calls, ...createSubscriptions(library, calls), ...end, name: toText(name, 'Hello') };
  } catch (error) {
    await end.close();
    throw error;
  }
}

/** Hears of the socket's end from now on, for good: an 'error' that nobody hears ends the process. */
function superviseEnd(
  socket: Socket,
  object: string,
): Pick<SystemBus, 'onClosed' | 'close' | typeof Symbol.asyncDispose> {
  let lost: Failure | undefined;
  let closing = false;
  const listeners = new Set<(failure: Failure) => void>();
  const onEnd = (error?: Error): void => {
    if (closing || lost !== undefined) return;
    const got = error === undefined ? {} : { got: error.message };
    const what = 'the connection to the system bus was lost';
    lost = toFailure(uplinkError('OWNER_UNREACHABLE', { what, object, ...got }));
    for (const listener of listeners) listener(lost);
    listeners.clear();
  };
  socket.on('error', onEnd);
  // The library gives up at the end of what comes in, which is before the close.
  socket.once('end', () => onEnd());
  socket.once('close', () => onEnd());

  const close = async (): Promise<void> => {
    closing = true;
    listeners.clear();
    if (socket.closed) return;
    const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
    // Not `end()`: a bus that is stopped would never close its side.
    socket.destroy();
    await closed;
  };
  return {
    onClosed(listener) {
      if (lost === undefined) listeners.add(listener);
      else listener(lost);
      return () => listeners.delete(listener);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
