import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { FlightHead, FlightLine } from '../../engine/flight/flight-line.ts';
import { parseFlightLine } from '../../scenario/recording/read-flight.ts';
import type { WireMessage } from '../wire/messages.ts';
import { WIRE_VERSION } from '../wire/messages.ts';
import { createRunFeed, isKnownHead, type RunFeed } from './run-feed.ts';
import { watchFolder } from './watch-folder.ts';

const FILE = /^(.+\.flight)(\.1)?$/;
/** What is read at a time; a line is shorter. */
const CHUNK_BYTES = 4 << 20;
const LINE_END = 0x0a;

/** What one file was read up to. */
interface Followed {
  readonly inode: number;
  /** Begin of the first line whose end is not there yet. */
  offset: number;
  /** It was there before this follower. */
  isOld: boolean;
  /** It is there no more under its name; a new file may have its number. */
  isGone: boolean;
  readonly runs: Map<string, RunFeed>;
}

/** The files of one uplink. A run that was under way when the next one began a new file goes on in the older. */
interface Files {
  current: Followed | undefined;
  older: Followed | undefined;
}

/**
 * Tells of all runs of a state folder as they happen, from their flight recorders: nothing is asked of the processes that run, and nothing that happens here
 * reaches them. Of what is over when this begins, the last run of each uplink is told. Returns what ends it. `onTrouble` hears of a file or folder that
 * cannot be read, once for each change of it; a file is looked at again when it changes.
 */
export function followFlights(
  stateDir: string,
  publish: (message: WireMessage) => void,
  onTrouble: (path: string, error: Error) => void,
): () => void {
  const files = new Map<string, Files>();
  const troubles = new Map<string, string>();
  let isBeginning = true;

  const look = (name: string): void => {
    const [, current, suffix] = FILE.exec(name) ?? [];
    if (current === undefined) return;
    const path = join(stateDir, name);
    try {
      read(path, join(stateDir, current), suffix !== undefined);
      troubles.delete(path);
    } catch (error) {
      const { current: file } = files.get(join(stateDir, current)) ?? {};
      if (suffix === undefined && file !== undefined) file.isGone = true;
      tellTrouble(path, error as NodeJS.ErrnoException);
    }
  };
  const tellTrouble = (path: string, error: NodeJS.ErrnoException): void => {
    if (error.code === 'ENOENT') return;
    // A change may be told of more than once.
    const { ino, size, ctimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? {};
    const told = `${ino} ${size} ${ctimeMs} ${error.message}`;
    if (troubles.get(path) === told) return;
    troubles.set(path, told);
    onTrouble(path, error);
  };

  const read = (path: string, currentPath: string, isOlder: boolean): void => {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new Error('not a regular file');
      const uplink = files.get(currentPath) ?? { current: undefined, older: undefined };
      files.set(currentPath, uplink);
      // A new file may also have the number of the older that it drove out.
      const candidates = isOlder
        ? [uplink.current, uplink.older]
        : [uplink.current].filter(file => file?.isGone === false);
      const known = candidates.find(file => file?.inode === stat.ino);
      // What is older than this follower is over.
      if (known === undefined && isOlder) return;
      const isSame = known !== undefined && (isOlder || stat.size >= known.offset);
      const file = isSame ? known : replace(uplink, stat.ino, currentPath);
      readLines(fd, lines => take(path, file, lines), file);
    } finally {
      closeSync(fd);
    }
  };
  const replace = (uplink: Files, inode: number, currentPath: string): Followed => {
    const before = uplink.current;
    if (before !== undefined && (before.isGone || before.inode !== inode)) {
      stopAll(uplink.older);
      uplink.older = before;
      // Its last lines come before those of the new one.
      look(`${currentPath.slice(currentPath.lastIndexOf('/') + 1)}.1`);
    } else stopAll(before);
    uplink.current = { inode, offset: 0, isOld: isBeginning, isGone: false, runs: new Map() };
    return uplink.current;
  };

  const take = (path: string, file: Followed, lines: readonly FlightLine[]): void => {
    for (const line of lines) {
      try {
        if ('flight' in line) begin(file, line);
        const feed = file.runs.get(line.run);
        feed?.take(line);
        if (feed?.isOver === true) file.runs.delete(line.run);
      } catch (error) {
        // What follows of this run would have no sense; the others have.
        file.runs.get(line.run)?.stop();
        file.runs.delete(line.run);
        onTrouble(path, error as Error);
      }
    }
  };
  const begin = (file: Followed, head: FlightLine & FlightHead): void => {
    if (isKnownHead(head)) {
      file.runs.get(head.run)?.stop();
      file.runs.set(head.run, createRunFeed(head, publish));
      return;
    }
    publish({
      type: '@ovs-uplink.note',
      kind: 'happening',
      text: `a run of ovs-uplink ${head.program} is not shown: its recording has format ${head.flight} and chart ${head.machine}, which this version does not know`,
      createdAt: String(Date.parse(head.startedAt)),
      _version: WIRE_VERSION,
    });
  };

  const stop = watchFolder(stateDir, { onFile: look, onTrouble });
  isBeginning = false;
  return () => {
    stop();
    for (const { current, older } of files.values()) for (const file of [current, older]) stopAll(file);
  };
}

function stopAll(file: Followed | undefined): void {
  for (const feed of file?.runs.values() ?? []) feed.stop();
  file?.runs.clear();
}

/** Reads whole lines to the end of the file. */
function readLines(fd: number, take: (lines: readonly FlightLine[]) => void, file: Followed): void {
  const chunk = Buffer.alloc(Math.max(0, Math.min(CHUNK_BYTES, fstatSync(fd).size - file.offset)));
  const all: FlightLine[] = [];
  for (;;) {
    const length = readSync(fd, chunk, 0, chunk.length, file.offset);
    const end = chunk.lastIndexOf(LINE_END, length - 1) + 1;
    if (length === 0 || end === 0) break;
    file.offset += end;
    const lines = chunk.toString('utf8', 0, end).split('\n').map(parseFlightLine);
    all.push(...lines.filter(line => line !== undefined));
  }
  const { isOld } = file;
  file.isOld = false;
  take(isOld ? ofLastRun(all) : all);
}

function ofLastRun(lines: readonly FlightLine[]): readonly FlightLine[] {
  const last = lines.findLast(line => 'flight' in line)?.run;
  // Runs of several processes may be under way at a time.
  const ended = new Set(lines.filter(line => 'end' in line || 'full' in line).map(({ run }) => run));
  return lines.filter(({ run }) => run === last || !ended.has(run));
}
