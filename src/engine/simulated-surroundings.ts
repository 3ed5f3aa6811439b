import type { Failure } from '../errors.ts';
import { toFailure, uplinkError } from '../errors.ts';
import type { SimulatedProcess } from '../host/simulated/simulated-process.ts';
import type { ArmedGuard, Guards } from './guard/guards.ts';
import type { JournalRecord } from './journal/record.ts';
import type { JournalStore } from './journal/store.ts';
import type { Surroundings } from './surroundings.ts';

/** The state folder of a simulated world: it outlives its processes. */
export interface SimulatedFolder {
  /** By uplink. */
  readonly journals: Map<string, JournalRecord>;
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
  return { journals: new Map(), written: [], holder: undefined, full: false, loseGuard: undefined };
}

/** Surroundings of one simulated process over a folder that it shares with those before and after it. */
export function createSimulatedSurroundings(
  process: SimulatedProcess,
  folder: SimulatedFolder,
  newId: () => string,
): Surroundings {
  // What is read back went through JSON, as on disk.
  const reread = (record: JournalRecord): JournalRecord => JSON.parse(JSON.stringify(record)) as JournalRecord;
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
  const store: JournalStore = {
    directory: 'simulated',
    prepare: () => Promise.resolve(),
    sweep: () => Promise.resolve(),
    write: record =>
      process.operate('journal', `journal.write ${record.stage}`, () => {
        failIfFull(record.request.uplink);
        folder.journals.set(record.request.uplink, record);
        folder.written.push(record);
      }),
    read: async uplink => {
      const record = folder.journals.get(uplink);
      return record === undefined ? undefined : reread(record);
    },
    remove: uplink =>
      process.operate('journal', 'journal.remove', () => {
        folder.journals.delete(uplink);
      }),
    list: async () =>
      [...folder.journals].map(([uplink, record]) => ({
        uplink,
        path: `simulated/${uplink}`,
        record: reread(record),
      })),
  };
  return {
    clock: process.clock,
    guards: simulatedGuards(process, folder),
    store,
    newId,
    takeLock() {
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
    },
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
