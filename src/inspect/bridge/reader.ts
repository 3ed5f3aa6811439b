import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ReaderKind } from '../wire/encoded.ts';
import { createEncoder } from '../wire/encoded.ts';
import type { Hub } from './hub.ts';

/** A client for which so much waits gets nothing more until it has taken half of it. */
const MAX_BUFFERED = 4 * 1024 * 1024;
/** Messages that are sent in one turn of the event loop. */
const BATCH = 200;

/** Characters after which a frame is sent. */
const MAX_FRAME = 64 * 1024;

/** What serving a reader needs. */
export interface ReaderOptions {
  readonly ws: WebSocket;
  /** The one below it. */
  readonly socket: Duplex;
  readonly hub: Hub;
  readonly kind: ReaderKind;
  /** A client that takes nothing for so long is hung up on. */
  readonly stallMs: number;
  /** Messages that were not for it, since it was too slow. */
  readonly onMissed: (count: number) => void;
  /** It was hung up on, since it took nothing. */
  readonly onStalled: () => void;
}

/**
 * Sends what a hub has, no faster than it is taken. Nothing waits here but what the socket holds: a slow client falls behind in the hub, and gets a gap
 * there.
 */
export function serveReader({ ws, socket, hub, kind, stallMs, onMissed, onStalled }: ReaderOptions): void {
  const encoder = createEncoder(kind);
  let isPlanned = false;
  let isFull = false;
  let stall: NodeJS.Timeout | undefined;

  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(pump);
  };
  const cursor = hub.open(plan);
  const pump = (): void => {
    isPlanned = false;
    if (ws.readyState !== ws.OPEN || isFull) return;
    socket.cork();
    let waiting = '';
    const flush = (): void => {
      if (waiting !== '') ws.send(waiting, onTaken);
      waiting = '';
    };
    for (let count = 0; count < BATCH; count += 1) {
      const message = cursor.next();
      if (message === null) break;
      if (message.type === '@ovs-uplink.gap') onMissed(message.missed);
      const text = write(message);
      if (text !== null) {
        // Stately's inspector takes one at a time; ours many, for a browser has work with each frame.
        waiting = waiting === '' ? text : `${waiting}\n${text}`;
        if (kind === 'stately' || waiting.length > MAX_FRAME) flush();
      }
      if (ws.bufferedAmount > MAX_BUFFERED) {
        isFull = true;
        break;
      }
      if (count === BATCH - 1) plan();
    }
    flush();
    socket.uncork();
    if (ws.bufferedAmount > 0) stall ??= setTimeout(hangUp, stallMs).unref();
  };
  const write = (message: Parameters<typeof encoder.encode>[0]): string | null => {
    try {
      return encoder.encode(message);
    } catch {
      // It is no JSON; whoever published it has broken the hub's contract, and a reader is no place to say so.
      return null;
    }
  };
  const onTaken = (error?: Error | null): void => {
    if (error) return;
    if (ws.bufferedAmount > 0) stall?.refresh();
    else {
      clearTimeout(stall);
      stall = undefined;
    }
    if (!isFull || ws.bufferedAmount > MAX_BUFFERED / 2) return;
    isFull = false;
    plan();
  };
  const hangUp = (): void => {
    onStalled();
    ws.terminate();
  };

  // Nothing that a reader could say would be for us (RFC 6455 §7.4.1: 1003).
  ws.on('message', () => ws.close(1003, 'this only sends'));
  ws.on('close', () => {
    clearTimeout(stall);
    cursor.close();
  });
  plan();
}
