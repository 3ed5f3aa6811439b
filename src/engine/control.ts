import { chmodSync, unlinkSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { uplinkError } from '../errors.ts';

/** A request and its answer are one short line each. */
const MAX_LINE_BYTES = 4096;

/** What another process may ask of a run. */
export interface ControlHandlers {
  confirm(): void;
  abort(reason: string): void;
  /** Present state of the chart. */
  state(): string;
}

/** A request to a run in another process. */
export type ControlCommand = 'confirm' | 'abort' | 'state';

/** The end of it that a run listens on. */
export interface Control {
  listen(): Promise<void>;
  stop(): Promise<void>;
}

function socketPath(directory: string, uplink: string): string {
  return join(directory, `${uplink}.sock`);
}

/** Removes the socket that a killed run has left. Only for who holds the lock. */
export function removeControlSocket(directory: string, uplink: string): void {
  try {
    unlinkSync(socketPath(directory, uplink));
  } catch {
    // It was not there.
  }
}

/**
 * Listens on `<state folder>/<uplink>.sock` (0600, in a folder of 0700) once it can: the folder is made with the first journal. A run works
 * without it, too: what is lost is then only `confirm` and `abort` from another process.
 */
export function createControl(directory: string, uplink: string, handlers: ControlHandlers): Control {
  const path = socketPath(directory, uplink);
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  const answer = (line: string): string => {
    const { command } = JSON.parse(line) as { readonly command: ControlCommand };
    if (command === 'confirm') {
      if (!handlers.state().startsWith('confirming')) return JSON.stringify({ ok: false, state: handlers.state() });
      handlers.confirm();
    } else if (command === 'abort') handlers.abort('asked by another process');
    else if (command !== 'state') return JSON.stringify({ ok: false });
    return JSON.stringify({ ok: true, state: handlers.state() });
  };

  const serve = (socket: Socket): void => {
    sockets.add(socket);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: string) => {
      if (socket.writableEnded) return;
      text += chunk;
      if (text.length > MAX_LINE_BYTES) {
        socket.destroy();
        return;
      }
      const end = text.indexOf('\n');
      if (end < 0) return;
      try {
        socket.end(`${answer(text.slice(0, end))}\n`);
      } catch {
        socket.destroy();
      }
    });
  };

  return {
    async listen() {
      if (server !== undefined) return;
      const made = createServer(serve);
      // Whoever holds the state folder's lock owns the name: what lies there is of a process that died.
      removeControlSocket(directory, uplink);
      await new Promise<void>((resolve, reject) => {
        made.once('error', reject);
        made.listen(path, resolve);
      });
      chmodSync(path, 0o600);
      made.on('error', () => undefined);
      server = made;
    },
    async stop() {
      const running = server;
      if (running === undefined) return;
      server = undefined;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => running.close(() => resolve()));
    },
  };
}

/** Sends a command to the run that works on an uplink. Rejects with `USAGE` where there is none, or where it cannot do that now. */
export function sendControl(directory: string, uplink: string, command: ControlCommand): Promise<string> {
  const refuse = (got: string): Error =>
    uplinkError('USAGE', {
      what: `cannot ${command}`,
      object: uplink,
      expected: command === 'confirm' ? 'a run that waits to be confirmed' : 'a run that is under way',
      got,
      advice: 'see `ovs-uplink status`',
    });
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath(directory, uplink), timeout: 5_000 });
    let text = '';
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`${JSON.stringify({ command })}\n`));
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', error =>
      reject(refuse((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : error.message)),
    );
    socket.once('close', () => {
      try {
        const answer = JSON.parse(text) as { readonly ok: boolean; readonly state?: string };
        if (answer.ok) resolve(answer.state ?? '');
        else reject(refuse(`it is in ${answer.state ?? 'another state'}`));
      } catch {
        reject(refuse('no answer'));
      }
    });
  });
}
