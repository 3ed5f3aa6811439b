import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failure } from '../../errors.ts';
import { isUplinkError, toFailure, uplinkError } from '../../errors.ts';
import type { JournalRecord } from './record.ts';
import { JOURNAL_STAGES, JOURNAL_VERSION } from './record.ts';

/** A journal of a host with a million routes stays far below this. */
const MAX_BYTES = 1 << 30;
/** What a process that was killed while writing has left. */
const TEMPORARY = /\.[0-9a-f-]{36}\.tmp$/;

/** One file of the state folder: its record, or why it cannot be used. */
export type RecordEntry<T> =
  | { readonly uplink: string; readonly path: string; readonly record: T }
  | { readonly uplink: string; readonly path: string; readonly failure: Failure };

export type JournalEntry = RecordEntry<JournalRecord>;

/** Journals of migrations. */
export type JournalStore = RecordStore<JournalRecord>;

/** How records of one kind are kept. */
export interface RecordKind<T> {
  /** Of the files' names, with the dot. */
  readonly suffix: string;
  /** First field of the header. */
  readonly format: string;
  readonly version: number;
  /** The link that the record is about: the file's name without the suffix. */
  readonly linkOf: (record: T) => string;
  /** Checks what was read, and fills in what older versions did not write; undefined for half a record. */
  readonly complete: (read: T) => T | undefined;
}

const MIGRATIONS: RecordKind<JournalRecord> = {
  suffix: '.journal',
  format: 'ovs-uplink journal',
  version: JOURNAL_VERSION,
  linkOf: record => record.request.uplink,
  complete(read) {
    const parts = [read?.plan, read?.snapshot, read?.identity, read?.request];
    const isWhole = parts.every(isObject) && JOURNAL_STAGES.includes(read.stage);
    return isWhole ? { ...read, generation: read.generation ?? 0 } : undefined;
  },
};

/** True for what JSON calls an object or a list. */
export function isObject(part: unknown): boolean {
  return typeof part === 'object' && part !== null;
}

/** Records on disk, one a link. */
export interface RecordStore<T> {
  readonly directory: string;
  /** Makes the folder (0700) if need be and refuses one that others can write to. Errors: `JOURNAL_WRITE`, `USAGE`. */
  prepare(): Promise<void>;
  /** Replaces the uplink's journal atomically; on disk (file and folder synced) when it resolves. Errors: `JOURNAL_WRITE`. */
  write(record: T): Promise<void>;
  /** Removes what processes that were killed while writing have left, of all kinds. Only for who holds the lock. */
  sweep(): Promise<void>;
  /** Undefined when there is none. Errors: `JOURNAL_UNREADABLE`, `JOURNAL_TAMPERED`, `JOURNAL_VERSION`. */
  read(uplink: string): Promise<T | undefined>;
  remove(uplink: string): Promise<void>;
  /** Every journal, the unusable ones with their failure. */
  list(): Promise<readonly RecordEntry<T>[]>;
}

/** Opens the journals of a state folder; nothing is touched before the first call. */
export function createJournalStore(directory: string): JournalStore {
  return createRecordStore(directory, MIGRATIONS);
}

/** Opens the records of one kind in a state folder; nothing is touched before the first call. */
export function createRecordStore<T>(directory: string, kind: RecordKind<T>): RecordStore<T> {
  const { suffix, linkOf } = kind;
  const pathOf = (uplink: string): string => join(directory, `${uplink}${suffix}`);

  const list = async (): Promise<readonly RecordEntry<T>[]> => {
    const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw writeError(directory, error);
    });
    const entries: RecordEntry<T>[] = [];
    for (const name of names.filter(n => n.endsWith(suffix)).sort()) {
      const uplink = name.slice(0, -suffix.length);
      const path = join(directory, name);
      try {
        const record = await readRecord(kind, path, uplink);
        if (record !== undefined) entries.push({ uplink, path, record });
      } catch (error) {
        entries.push({ uplink, path, failure: toFailure(error) });
      }
    }
    return entries;
  };

  return {
    directory,
    prepare: () => prepareDirectory(directory),
    write: record => writeRecord(kind, directory, pathOf(linkOf(record)), record),
    async sweep() {
      for (const name of await readdir(directory)) {
        if (TEMPORARY.test(name)) await rm(join(directory, name), { force: true });
      }
    },
    read: uplink => readRecord(kind, pathOf(uplink), uplink),
    remove: async uplink => {
      try {
        await rm(pathOf(uplink), { force: true });
        await syncDirectory(directory);
      } catch (error) {
        throw writeError(pathOf(uplink), error);
      }
    },
    list,
  };
}

async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeError(directory, error);
  }
  const stat = await lstat(directory);
  const isPrivate = stat.isDirectory() && (stat.mode & 0o022) === 0 && stat.uid === process.getuid?.();
  if (!isPrivate) {
    throw uplinkError('USAGE', {
      what: 'the state folder is not safe to use',
      object: directory,
      expected: 'a folder of this user that nobody else can write to',
      got: stat.isDirectory() ? `mode 0${(stat.mode & 0o777).toString(8)}, uid ${stat.uid}` : 'not a folder',
      advice: `chmod 700 ${directory}, or name another with --state-dir`,
    });
  }
}

async function writeRecord<T>(kind: RecordKind<T>, directory: string, path: string, record: T): Promise<void> {
  const body = JSON.stringify(record);
  const header = JSON.stringify({ format: kind.format, version: kind.version, sha256: digest(body) });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    // O_EXCL and O_NOFOLLOW: whatever lies there under that name is not ours to follow or to overwrite.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(temporary, flags, 0o600);
    try {
      await file.writeFile(`${header}\n${body}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** The rename itself is durable only once its folder is. */
async function syncDirectory(directory: string): Promise<void> {
  const folder = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function writeError(path: string, error: unknown): Error {
  if (isUplinkError(error)) return error;
  const { code, errno, message } = error as NodeJS.ErrnoException;
  return uplinkError(
    'JOURNAL_WRITE',
    {
      what: 'cannot write the journal',
      object: path,
      ...(errno === undefined ? {} : { errno: -errno }),
      ...(code === undefined ? {} : { errnoName: code }),
      got: message,
      advice: 'free some space or name another folder with --state-dir; nothing is changed without a journal',
    },
    error,
  );
}

async function readRecord<T>(kind: RecordKind<T>, path: string, uplink: string): Promise<T | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const end = text.indexOf('\n');
  const body = text.slice(end + 1).trimEnd();
  const header = parse(path, end < 0 ? '' : text.slice(0, end), 'header') as Record<string, unknown>;
  if (header?.['format'] !== kind.format) throw unreadable(path, `format "${kind.format}"`, 'something else');
  if (header['version'] !== kind.version) {
    throw uplinkError('JOURNAL_VERSION', {
      what: 'the journal was written by another version of ovs-uplink',
      object: path,
      expected: `version ${kind.version}`,
      got: `version ${String(header['version'])}`,
      advice: 'use the version that wrote it',
    });
  }
  if (header['sha256'] !== digest(body)) {
    throw uplinkError('JOURNAL_TAMPERED', {
      what: 'the journal was changed after it was written',
      object: path,
      expected: `sha256 ${String(header['sha256'])}`,
      got: `sha256 ${digest(body)}`,
      advice:
        'restore it from a copy; or undo by hand what `ovs-vsctl show` and `ip addr` display, then remove the file',
    });
  }
  const record = kind.complete(parse(path, body, 'body') as T);
  if (record === undefined || kind.linkOf(record) !== uplink)
    throw unreadable(path, `a journal of ${uplink}`, 'another or half a one');
  return record;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw unreadable(path, 'a regular file', 'something else');
      if (stat.size > MAX_BYTES) throw unreadable(path, `at most ${MAX_BYTES} bytes`, `${stat.size} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw isUplinkError(error) ? error : unreadable(path, 'a readable file', (error as Error).message);
  }
}

function parse(path: string, text: string, part: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(path, `JSON in the ${part}`, text.slice(0, 40));
  }
}

function unreadable(path: string, expected: string, got: string): Error {
  return uplinkError('JOURNAL_UNREADABLE', {
    what: 'cannot read the journal',
    object: path,
    expected,
    got,
    advice: 'restore it from a copy, or remove it once the host is as it should be',
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
