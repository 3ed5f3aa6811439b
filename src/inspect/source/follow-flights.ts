import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { MAX_FLIGHT_BYTES } from '../../engine/flight/flight-file.ts';
import type { FlightLine } from '../../engine/flight/flight-line.ts';
import { parseFlightLine } from '../../scenario/recording/read-flight.ts';
import type { WireMessage } from '../wire/messages.ts';
import { createRunFeed, isKnownHead, type RunFeed } from './run-feed.ts';

const SUFFIX = '.flight';
/** What a file may hold that is read: the recorder writes less. */
const MAX_BYTES = MAX_FLIGHT_BYTES + (64 << 10);

/** What one file was read up to. */
interface Followed {
  inode: number;
  offset: number;
  /** Begin of a line whose end is not there yet. */
  rest: string;
  readonly runs: Map<string, RunFeed>;
}

/**
 * Tells of all runs of a state folder as they happen, from their flight recorders: nothing is asked of the processes that run, and nothing that happens here
 * reaches them. Of what is over when this begins, the last run of each uplink is told. Returns what ends it. `onTrouble` hears of a file that
 * cannot be read; it is looked at again when it changes.
 */
export function followFlights(
  stateDir: string,
  publish: (message: WireMessage) => void,
  onTrouble: (path: string, error: Error) => void,
): () => void {
  const files = new Map<string, Followed>();
  const look = (name: string): void => {
    if (!name.endsWith(SUFFIX)) return;
    const path = join(stateDir, name);
    try {
      read(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onTrouble(path, error as Error);
    }
  };
  const read = (path: string): void => {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const { ino, size } = fstatSync(fd);
      let file = files.get(path);
      const isFirst = file === undefined;
      // The recorder has begun a new file; what it still wrote to the old one was told.
      if (file === undefined || file.inode !== ino || size < file.offset) {
        file = { inode: ino, offset: 0, rest: '', runs: file?.runs ?? new Map() };
        files.set(path, file);
      }
      const bytes = Buffer.alloc(Math.min(MAX_BYTES, size - file.offset));
      const length = readSync(fd, bytes, 0, bytes.length, file.offset);
      file.offset += length;
      // A character may be torn at the end, but a line is not: it is written at once.
      const lines = (file.rest + bytes.toString('utf8', 0, length)).split('\n');
      file.rest = lines.pop() ?? '';
      const parsed = lines.map(parseFlightLine).filter(line => line !== undefined);
      take(file, isFirst ? ofLastRun(parsed) : parsed);
    } finally {
      closeSync(fd);
    }
  };
  const take = (file: Followed, lines: readonly FlightLine[]): void => {
    for (const line of lines) {
      if (isKnownHead(line)) file.runs.set(line.run, createRunFeed(line, publish));
      const feed = file.runs.get(line.run);
      feed?.take(line);
      if (feed?.isOver === true) file.runs.delete(line.run);
    }
  };

  const stop = watchFolder(stateDir, look);
  return () => {
    stop();
    for (const { runs } of files.values()) for (const feed of runs.values()) feed.stop();
  };
}

function ofLastRun(lines: readonly FlightLine[]): readonly FlightLine[] {
  const last = lines.findLast(isKnownHead)?.run;
  // Runs of several processes may be under way at a time.
  const ended = new Set(lines.filter(line => 'end' in line || 'full' in line).map(({ run }) => run));
  return lines.filter(({ run }) => run === last || !ended.has(run));
}

/** Calls back for each file that is there and for each that changes; waits for a folder that is not there yet. */
function watchFolder(folder: string, onFile: (name: string) => void): () => void {
  let watcher: ReturnType<typeof watch> | undefined;
  let isStopped = false;
  const begin = (): boolean => {
    try {
      watcher = watch(folder, (_, name) => name !== null && onFile(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    watcher.on('error', () => undefined);
    for (const name of readdirSync(folder).sort()) onFile(name);
    return true;
  };
  const waitForIt = (): void => {
    let parent = dirname(folder);
    for (;;) {
      try {
        const waiting = watch(parent, () => {
          if (isStopped) return;
          waiting.close();
          if (!begin()) waitForIt();
        });
        waiting.on('error', () => undefined);
        watcher = waiting;
        // It may have come in between.
        if (begin()) waiting.close();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === dirname(parent)) throw error;
        parent = dirname(parent);
      }
    }
  };
  if (!begin()) waitForIt();
  return () => {
    isStopped = true;
    watcher?.close();
  };
}
