import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** A run begins a new file when there is more than this in the one of before, in bytes. */
const ROTATE_BYTES = 1 << 20;
/** A file never grows beyond this, in bytes. */
export const MAX_FLIGHT_BYTES = 2 << 20;

/** Room that is left to the journals, in bytes: a run without a recording is better than one without a journal. */
const MIN_FREE_BYTES = 8 << 20;

/** Takes the lines of one run. */
export interface FlightSink {
  /** Appends a line; false when there is no room for it. Throws as the file system does. */
  write(line: string): boolean;
  /** Appends a last line, for which there is always room. */
  writeLast(line: string): void;
  close(): void;
}

/** The files with the runs of an uplink, the older one first. */
export function flightPaths(directory: string, uplink: string): readonly [older: string, current: string] {
  const current = join(directory, `${uplink}.flight`);
  return [`${current}.1`, current];
}

/**
 * Opens the flight file of an uplink to append to it, at the first line. Each line is one `write(2)`: what was written outlives a SIGKILL of
 * the process, though not the loss of power, and lines of several processes do not mix.
 */
export function openFlightFile(directory: string, uplink: string): FlightSink {
  let fd: number | undefined;
  let size = 0;
  const append = (line: string, limit: number): boolean => {
    let text = `${line}\n`;
    if (fd === undefined) {
      ({ fd, size } = open(directory, uplink));
      // The last line may be torn: its disk was full.
      if (size > 0) text = `\n${text}`;
    }
    const bytes = Buffer.from(text);
    if (size + bytes.length > limit) return false;
    size += writeSync(fd, bytes);
    return true;
  };
  return {
    write: line => append(line, MAX_FLIGHT_BYTES),
    writeLast(line) {
      append(line, Number.POSITIVE_INFINITY);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function open(directory: string, uplink: string): { readonly fd: number; readonly size: number } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const folder = lstatSync(directory);
  // As for the journals: what others could replace is not written to.
  if (!folder.isDirectory() || (folder.mode & 0o022) !== 0 || folder.uid !== process.getuid?.()) {
    throw new Error(`${directory} is not a folder of this user that nobody else can write to`);
  }
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < MIN_FREE_BYTES) throw new Error(`less than ${MIN_FREE_BYTES} bytes are free in ${directory}`);
  const [older, current] = flightPaths(directory, uplink);
  const found = lstatSync(current, { throwIfNoEntry: false });
  if (found !== undefined && found.size > ROTATE_BYTES) renameSync(current, older);
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  // Without O_NONBLOCK a pipe under that name would stop the run until somebody reads.
  const fd = openSync(current, flags | constants.O_NONBLOCK, 0o600);
  const stat = fstatSync(fd);
  if (!stat.isFile()) {
    closeSync(fd);
    throw new Error(`${current} is not a regular file`);
  }
  return { fd, size: stat.size };
}
