import { chmodSync, unlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { uplinkError } from '../../errors.ts';
import { type GuardMessage, receive, rendezvousPath } from './protocol.ts';

/** A guard that has come and said hello. */
export interface Arrival {
  readonly socket: Socket;
  readonly pid: number;
  /** Called with each message after the hello; set it in the same turn. */
  onMessage: (message: GuardMessage) => void;
}

/** The place where a run meets its guard. */
export interface Rendezvous {
  /** The first that says hello. */
  readonly arrival: Promise<Arrival>;
  /** Lets nobody in any more and removes the socket's name; a connection that stands stays. */
  close(): void;
}

/** Listens on `<state folder>/<uplink>.guard.sock` (0600, in a folder of 0700). Errors: `GUARD_FAILED`. */
export async function openRendezvous(stateDir: string, uplink: string): Promise<Rendezvous> {
  const path = rendezvousPath(stateDir, uplink);
  const { promise: arrival, resolve } = Promise.withResolvers<Arrival>();
  const strangers = new Set<Socket>();
  const server = createServer(socket => {
    strangers.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => strangers.delete(socket));
    let arrived: Arrival | undefined;
    receive<GuardMessage>(socket, message => {
      if (arrived !== undefined) return arrived.onMessage(message);
      if (message.type !== 'hello') return void socket.destroy();
      strangers.delete(socket);
      arrived = { socket, pid: message.pid, onMessage: () => undefined };
      resolve(arrived);
    });
  });
  // Whoever holds the state folder's lock owns the name: what lies there is of a process that died.
  removeName(path);
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(path, done);
    });
    chmodSync(path, 0o600);
  } catch (error) {
    throw uplinkError(
      'GUARD_FAILED',
      {
        what: 'cannot listen for the guard',
        object: path,
        got: (error as Error).message,
        advice:
          'name another folder with --state-dir (a socket takes a path of at most 107 bytes), or go without: `--guard none`',
      },
      error,
    );
  }
  server.on('error', () => undefined);
  return {
    arrival,
    close() {
      for (const stranger of strangers) stranger.destroy();
      // The callback waits for the guard's own connection; the name is gone at once.
      server.close();
      removeName(path);
    },
  };
}

function removeName(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there.
  }
}
