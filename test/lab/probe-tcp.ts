import { connect, type Socket } from 'node:net';
import type { ProbeTarget, TcpProbeResult } from './probe-messages.ts';

const TICK_MS = 1;
const MAX_UNANSWERED_BYTES = 4 << 20;

/** One connection that carries a numbered stream there and back. */
export interface TcpFlow {
  /** Resolves with the first byte that comes back. */
  readonly flowing: Promise<void>;
  /** Calls back when this many more bytes have come back; never when the connection dies before. */
  onceProgressed(bytes: number, callback: () => void): void;
  /** Stops writing, waits for the rest to come back (at most `graceMs`) and closes. */
  finish(graceMs: number): Promise<TcpProbeResult>;
}

/**
 * Opens the connection and writes at a steady rate. The stream is a count of 4-byte words, so every byte has one right
 * value. Nothing is written while 4 MiB are under way: an outage then shows as a stall, not as memory.
 */
export function openTcpFlow(target: ProbeTarget, port: number, bytesPerS: number): TcpFlow {
  const bytesPerTick = Math.max(4, Math.round((bytesPerS * TICK_MS) / 1000 / 4) * 4);
  const source = target.source === null ? {} : { localAddress: target.source };
  const socket = connect({ host: target.address, port, noDelay: true, ...source });
  let written = 0;
  let bytes = 0;
  let lastProgressMs = performance.now();
  let longestStallMs = 0;
  let reset: string | null = null;
  let corrupted = false;
  let partial: Buffer = Buffer.alloc(0);
  let finishing: (() => void) | undefined;
  const awaited = new Set<{ from: number; callback: () => void }>();

  const noteProgress = () => {
    const now = performance.now();
    if (bytes > 0) longestStallMs = Math.max(longestStallMs, now - lastProgressMs);
    lastProgressMs = now;
  };
  const write = () => {
    if (!socket.writable || finishing !== undefined || written - bytes > MAX_UNANSWERED_BYTES) return;
    const data = Buffer.allocUnsafe(bytesPerTick);
    for (let offset = 0; offset < bytesPerTick; offset += 4) data.writeUInt32BE(((written + offset) / 4) >>> 0, offset);
    written += bytesPerTick;
    socket.write(data);
  };
  const timer = setInterval(write, TICK_MS);
  const flowing = new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
  });
  socket.on('data', (chunk: Buffer) => {
    noteProgress();
    const data = partial.length === 0 ? chunk : Buffer.concat([partial, chunk]);
    const wholeBytes = data.length & ~3;
    for (let offset = 0; offset < wholeBytes; offset += 4, bytes += 4) {
      if (data.readUInt32BE(offset) !== (bytes / 4) >>> 0) corrupted = true;
    }
    partial = data.subarray(wholeBytes);
    for (const each of [...awaited].filter(({ from }) => bytes >= from)) {
      awaited.delete(each);
      each.callback();
    }
    if (bytes >= written) finishing?.();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    reset ??= error.code ?? error.message;
  });
  socket.once('close', () => {
    reset ??= finishing === undefined ? 'closed' : null;
    finishing?.();
  });

  return {
    flowing,
    onceProgressed: (more, callback) => awaited.add({ from: bytes + more, callback }),
    finish: async graceMs => {
      clearInterval(timer);
      await new Promise<void>(resolve => {
        finishing = resolve;
        setTimeout(resolve, graceMs).unref();
        if (bytes >= written || socket.destroyed) resolve();
      });
      // A connection that is stuck at the end is in a stall that has no end yet.
      if (bytes < written) noteProgress();
      socket.destroy();
      const missingBytes = written - bytes;
      return { bytes, missingBytes, longestStallMs: Math.round(longestStallMs * 1000) / 1000, reset, corrupted };
    },
  };
}

/** Sends everything back that comes in; for the server. */
export function echoConnection(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}
