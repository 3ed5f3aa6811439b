import { write } from 'node:fs';

/** Where text goes: a terminal, a pipe or a file. */
export interface TextSink {
  /** Queues text; never waits, never throws. */
  write(text: string): void;
  /** Bytes that were dropped because the queue was full or the other end was gone. */
  readonly droppedBytes: number;
  /** Resolves when everything queued is out or has failed. */
  flush(): Promise<void>;
}

/** What waits to be written at most. When it is full, new text is dropped and counted. */
const MAX_QUEUED_BYTES = 8 << 20;

/**
 * Writes to a file descriptor without ever blocking the event loop. `process.stdout` does block on a terminal (and on a stopped one,
 * Ctrl-S or a stalled SSH session, for ever): the uplink that is being moved may be the one that carries the terminal. A write error
 * (EPIPE: the reader is gone) ends the output, not the process.
 */
export function createTextSink(fd: number): TextSink {
  let queue: Buffer[] = [];
  let queuedBytes = 0;
  let droppedBytes = 0;
  let broken = false;
  let writing = false;
  let waiters: (() => void)[] = [];

  const drop = (bytes: number) => {
    droppedBytes += bytes;
    queuedBytes -= bytes;
  };
  const settle = () => {
    writing = false;
    const resolved = waiters;
    waiters = [];
    for (const resolve of resolved) resolve();
  };
  const giveUp = (rest: Buffer) => {
    broken = true;
    drop(rest.length);
    for (const chunk of queue) drop(chunk.length);
    queue = [];
    settle();
  };
  const writeOut = (chunk: Buffer) => {
    write(fd, chunk, (error, written) => {
      if (error?.code === 'EINTR') return writeOut(chunk);
      if (error?.code === 'EAGAIN') return writeThroughStream(chunk);
      if (error !== null) return giveUp(chunk);
      queuedBytes -= written;
      if (written < chunk.length) return writeOut(chunk.subarray(written));
      return next();
    });
  };
  // Another process made the pipe non-blocking: only an event loop can wait for room in it then.
  const writeThroughStream = (chunk: Buffer) => {
    const stream = fd === 2 ? process.stderr : process.stdout;
    if (stream.listenerCount('error') === 0) stream.on('error', () => {});
    stream.write(chunk, error => {
      if (error) return giveUp(chunk);
      queuedBytes -= chunk.length;
      return next();
    });
  };
  const next = () => {
    if (queue.length === 0) return settle();
    const chunk = queue.length === 1 ? queue[0]! : Buffer.concat(queue);
    queue = [];
    return writeOut(chunk);
  };

  return {
    write(text) {
      const chunk = Buffer.from(text);
      if (chunk.length === 0) return;
      if (broken || queuedBytes + chunk.length > MAX_QUEUED_BYTES) {
        droppedBytes += chunk.length;
        return;
      }
      queue.push(chunk);
      queuedBytes += chunk.length;
      if (writing) return;
      writing = true;
      next();
    },
    get droppedBytes() {
      return droppedBytes;
    },
    flush: () => (writing ? new Promise(resolve => waiters.push(resolve)) : Promise.resolve()),
  };
}
