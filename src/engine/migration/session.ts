import type { Takeover } from '../../../machines/uplink-migration-types.ts';
import type { HostIdentity } from '../../domain/host-facts.ts';
import type { Failure } from '../../errors.ts';
import { uplinkError } from '../../errors.ts';
import type { Host, ProbeOutcome } from '../../host/host.ts';
import type { Exclusive } from '../exclusive.ts';
import { createExclusive } from '../exclusive.ts';
import type { ArmedGuard } from '../guard/guards.ts';
import type { JournalRecord, JournalStage } from '../journal/record.ts';
import { FIRST_GENERATION } from '../journal/record.ts';
import type { StateLock } from '../state-lock.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Subject } from './look.ts';

/** A process that died a moment ago holds the OVSDB lock until the server has seen the end of its connection. */
const LOCK_PATIENCE_MS = 1_000;

/** What one run holds: its locks, its journal, and what the steps are about. */
export interface Session extends Pick<Surroundings, 'clock' | 'store' | 'findLockHolder'> {
  readonly host: Host;
  readonly surroundings: Surroundings;
  readonly id: string;
  /** Aborted when the chart is over, however it ended: XState does not stop the actors of a chart that failed. */
  life: AbortController;
  /** One hand at a time, also across a chart that failed and the one that puts everything back. */
  readonly exclusive: Exclusive;
  /** Set once the journal is written or read. */
  subject: Subject | undefined;
  identity: HostIdentity | undefined;
  baseline: readonly ProbeOutcome[];
  /** Rows of ours stay because OVSDB does not answer. */
  pendingRows: boolean;
  /** Takes the state folder's lock and, where OVSDB is connected, its lock too. */
  lock(onLost: (failure: Failure) => void, signal: AbortSignal): Promise<void>;
  unlock(): Promise<void>;
  /**
   * Makes the adopted journal this run's own: written with the next generation, so that whoever worked on it before leaves it alone from now on.
   * Only under the lock. `settled` when another process removed it since it was read. Errors: `LOCK_HELD` when another one changed it.
   */
  takeOver(): Promise<Takeover>;
  /** Posts a guard over this run, where one is wanted. Errors: as {@link Guards.arm}. */
  armGuard(uplink: string, onLost: (failure: Failure) => void, signal: AbortSignal): Promise<void>;
  /** The guard on duty; undefined for none. */
  guard(): ArmedGuard | undefined;
  /** Sends the guard away; null when it is proven to be gone, or when there was none. Never rejects. */
  disarmGuard(): Promise<Failure | null>;
  /** Generation of the journal that this run works on. */
  generation(): number;
  /** The journal as it was last written. */
  journal(): JournalRecord | undefined;
  adopt(record: JournalRecord): void;
  write(record: JournalRecord): Promise<void>;
  /** Writes the stage, unless it is written already. */
  reach(stage: JournalStage, confirmDueAt?: number): Promise<void>;
  removeJournal(): Promise<void>;
}

/** Opens a session; nothing is taken or written yet. */
export function createSession(host: Host, surroundings: Surroundings, id: string): Session {
  const { clock, store, findLockHolder, guards } = surroundings;
  let guard: ArmedGuard | undefined;
  /** This run has written the journal. */
  let isOurs = false;
  let stateLock: StateLock | undefined;
  let releaseOvs: (() => Promise<void>) | undefined;
  let record: JournalRecord | undefined;
  /** A write that failed may have reached the disk all the same. */
  let attempted: JournalRecord | undefined;

  const session: Session = {
    host,
    surroundings,
    clock,
    store,
    findLockHolder,
    id,
    life: new AbortController(),
    exclusive: createExclusive(),
    subject: undefined,
    identity: undefined,
    baseline: [],
    pendingRows: false,
    async lock(onLost, signal) {
      if (stateLock === undefined) {
        await store.prepare();
        stateLock = surroundings.takeLock();
        await store.sweep();
      }
      if (releaseOvs === undefined && host.ovsConnected())
        releaseOvs = await host.lockOvs(onLost, signal, LOCK_PATIENCE_MS);
    },
    async unlock() {
      const release = releaseOvs;
      releaseOvs = undefined;
      await release?.().catch(() => undefined);
      stateLock?.release();
      stateLock = undefined;
    },
    async takeOver() {
      if (record === undefined) throw uplinkError('DEFECT', { what: 'no journal to take over' });
      if (isOurs) return 'ours';
      const { uplink } = record.request;
      const now = await store.read(uplink);
      if (now === undefined) return 'settled';
      const isSame = now.id === record.id && now.generation === record.generation && now.stage === record.stage;
      if (!isSame) {
        throw uplinkError('LOCK_HELD', {
          what: 'another ovs-uplink worked on this journal a moment ago',
          object: uplink,
          expected: `${record.stage}, generation ${record.generation}`,
          got: `${now.stage}, generation ${now.generation}`,
          advice: 'run the command again: it then goes on from where that one stopped',
        });
      }
      // A full disk must not keep the host from being put back: a guard that then has the same generation goes the same way back.
      await session.write({ ...record, generation: record.generation + 1 }).catch(() => undefined);
      return 'ours';
    },
    async armGuard(uplink, onLost, signal) {
      guard ??=
        (await guards.arm({ uplink, id: record?.id ?? id, generation: session.generation() }, onLost, signal)) ??
        undefined;
    },
    guard: () => guard,
    async disarmGuard() {
      const armed = guard;
      guard = undefined;
      return (await armed?.disarm()) ?? null;
    },
    generation: () => record?.generation ?? FIRST_GENERATION,
    journal: () => record,
    adopt(adopted) {
      record = adopted;
      session.subject = { plan: adopted.plan, snapshot: adopted.snapshot, takenAt: adopted.takenAt };
      session.baseline = adopted.baseline;
      session.identity = adopted.identity;
    },
    async write(next) {
      attempted = next;
      await store.write(next);
      session.adopt(next);
      isOurs = true;
    },
    async reach(stage, confirmDueAt) {
      if (record === undefined) throw uplinkError('DEFECT', { what: 'no journal to write', object: stage });
      if (record.stage === stage && confirmDueAt === undefined) return;
      const mayBeAttached = record.mayBeAttached === true || stage === 'cuttingOver';
      await session.write({ ...record, stage, mayBeAttached, confirmDueAt: confirmDueAt ?? record.confirmDueAt });
    },
    async removeJournal() {
      const written = record ?? attempted;
      if (written === undefined) return;
      await store.remove(written.request.uplink);
      record = undefined;
      attempted = undefined;
    },
  };
  return session;
}

/** The subject of a session that must have one by now. */
export function subjectOf(session: Session): Subject {
  if (session.subject === undefined)
    throw uplinkError('DEFECT', { what: 'a step began before the journal was written' });
  return session.subject;
}
