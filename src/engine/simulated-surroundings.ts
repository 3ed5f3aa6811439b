import type { Failure } from '../errors.ts';
import { toFailure, uplinkError } from '../errors.ts';
import type { SimulatedProcess } from '../host/simulated/simulated-process.ts';
import type { ArmedGuard, Guards } from './guard/guards.ts';
import type { JournalRecord } from './journal/record.ts';
import type { RecordStore } from './journal/store.ts';
import type { MoveRecord } from './move/record.ts';
import type { StateLock } from './state-lock.ts';
import type { Surroundings } from './surroundings.ts';

/** The state folder of a simulated world: it outlives its processes. */
export interface SimulatedFolder {
  /** By uplink. */
  readonly journals: Map<string, JournalRecord>;
  /** Of moves, by the link's name at home. */
  readonly moves: Map<string, MoveRecord>;
  /** Every version that was written, in order. */
  readonly written: JournalRecord[];
  holder: SimulatedProcess | undefined;
  /** True while the disk is full. */
  full: boolean;
  /** Kills the guard that is on duty, if any. */
  loseGuard: (() => void) | undefined;
}

/** An empty one. */
export function createSimulatedFolder(): SimulatedFolder {
  return { journals: new Map(), moves: new Map(), written: [], holder: undefined, full: false, loseGuard: undefined };
}

/** Surroundings of one simulated process over a folder that it shares with those before and after it. */
export function createSimulatedSurroundings(
  process: SimulatedProcess,
  folder: SimulatedFolder,
  newId: () => string,
): Surroundings {
  // What is read back went through JSON, as on disk.
  const reread = <T>(record: T): T => JSON.parse(JSON.stringify(record)) as T;
  const failIfFull = (object: string): void => {
    if (!folder.full) return;
    throw uplinkError('JOURNAL_WRITE', {
      what: 'cannot write the journal',
      object,
      errno: 28,
      errnoName: 'ENOSPC',
      advice: 'free some space or name another folder with --state-dir; nothing is changed without a journal',
    });
  };
  process.onEnd(() => {
    if (folder.holder === process) folder.holder = undefined;
  });
  const storeOf = <T extends { readonly stage: string }>(
    records: Map<string, T>,
    linkOf: (record: T) => string,
    onWritten: (record: T) => void,
  ): RecordStore<T> => ({
    directory: 'simulated',
    prepare: () => Promise.resolve(),
    sweep: () => Promise.resolve(),
    write: record =>
      process.operate('journal', `journal.write ${record.stage}`, () => {
        failIfFull(linkOf(record));
        records.set(linkOf(record), record);
        onWritten(record);
      }),
    read: async link => {
      const record = records.get(link);
      return record === undefined ? undefined : reread(record);
    },
    remove: link =>
      process.operate('journal', 'journal.remove', () => {
        records.delete(link);
      }),
    list: async () =>
      [...records].map(([uplink, record]) => ({ uplink, path: `simulated/${uplink}`, record: reread(record) })),
  });
  const takeLock = (): StateLock => {
    failIfFull('lock');
    if (folder.holder !== undefined) {
      throw uplinkError('LOCK_HELD', { what: 'another ovs-uplink works on this host', object: 'lock' });
    }
    folder.holder = process;
    return {
      release: () => {
        if (folder.holder === process) folder.holder = undefined;
      },
    };
  };
  return {
    clock: process.clock,
    guards: simulatedGuards(process, folder),
    store: storeOf(
      folder.journals,
      record => record.request.uplink,
      record => folder.written.push(record),
    ),
    moves: storeOf(
      folder.moves,
      record => record.request.link,
      () => undefined,
    ),
    newId,
    takeLock,
    awaitLock: async () => takeLock(),
    findLockHolder: () => (folder.holder === undefined || folder.holder === process ? null : 'another process'),
    createControl: () => ({ listen: () => Promise.resolve(), stop: () => Promise.resolve() }),
    sendControl: uplink => Promise.reject(uplinkError('USAGE', { what: 'no such run', object: uplink })),
    createPriority: () => ({ raise: () => undefined, restore: () => undefined }),
    // Exploration makes a hundred thousand runs, and plays them again by their seed.
    createFlightRecorder: () => null,
  };
}

/** Guards that stand by, can be lost, and can fail to come or to go; what one does when its run dies is the next process's `recover`. */
function simulatedGuards(process: SimulatedProcess, folder: SimulatedFolder): Guards {
  const failed = (error: unknown): Failure => ({
    code: 'GUARD_FAILED',
    what: 'the guard is not proven to be gone',
    got: toFailure(error).what,
  });
  return {
    arm: (_order, onLost, signal) =>
      process.operate(
        'guard',
        'guard.arm',
        (): ArmedGuard => {
          folder.loseGuard = () => {
            folder.loseGuard = undefined;
            if (!process.isDead()) onLost({ code: 'GUARD_FAILED', what: 'the guard ended', advice: 'see its log' });
          };
          return {
            pid: 1,
            allow: () => undefined,
            disarm: () => {
              folder.loseGuard = undefined;
              return process.operate('guard', 'guard.disarm', () => null).catch(failed);
            },
          };
        },
        signal,
      ),
    find: () => null,
  };
}
