import type { Socket } from 'node:net';
import type { ProcessIdentity } from './process-identity.ts';

/** A message is one short line of JSON. */
const MAX_LINE_BYTES = 4096;

/** What a run that hangs gets: `kill` ends its process, `wait` leaves that to its owner and waits for the lock. */
export type OnHang = 'kill' | 'wait';

/** What the run says to its guard. */
export type RunMessage =
  | {
      readonly type: 'order';
      readonly id: string;
      readonly generation: number;
      readonly run: ProcessIdentity;
      readonly onHang: OnHang;
      readonly allowMs: number;
    }
  /** The run is well, and will say something again within this time. */
  | { readonly type: 'allow'; readonly allowMs: number }
  | { readonly type: 'disarm' };

/** What the guard says to the run. */
export type GuardMessage =
  /** It has loaded everything and waits for its order. */
  | { readonly type: 'hello'; readonly pid: number }
  | { readonly type: 'armed'; readonly id: string; readonly generation: number }
  /** It does nothing any more and ends; its end closes the connection. */
  | { readonly type: 'disarmed' };

/** Where the run listens for its guard. */
export function rendezvousPath(stateDir: string, uplink: string): string {
  return `${stateDir}/${uplink}.guard.sock`;
}

/** Sends a message; a connection that is gone is told by its `close`. */
export function send(socket: Socket, message: RunMessage | GuardMessage): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls back with each message. A line that is too long or no JSON ends the connection. */
export function receive<Message>(socket: Socket, onMessage: (message: Message) => void): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      const message = parse(line);
      if (message === undefined) return void socket.destroy();
      onMessage(message as Message);
    }
    if (text.length > MAX_LINE_BYTES) socket.destroy();
  });
}

/** Both ends are the same version of the same program, and the socket is 0600: the type is all that needs to be looked at. */
function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? value : undefined;
  } catch {
    return undefined;
  }
}
