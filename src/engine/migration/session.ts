import type { HostIdentity } from '../../domain/host-facts.ts';
import type { Failure } from '../../errors.ts';
import { uplinkError } from '../../errors.ts';
import type { Host, ProbeOutcome } from '../../host/host.ts';
import type { Exclusive } from '../exclusive.ts';
import { createExclusive } from '../exclusive.ts';
import type { JournalRecord, JournalStage } from '../journal/record.ts';
import type { StateLock } from '../state-lock.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Subject } from './look.ts';

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
  const { clock, store, findLockHolder } = surroundings;
  let stateLock: StateLock | undefined;
  let releaseOvs: (() => Promise<void>) | undefined;
  let record: JournalRecord | undefined;

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
      if (releaseOvs === undefined && host.ovsConnected()) releaseOvs = await host.lockOvs(onLost, signal);
    },
    async unlock() {
      const release = releaseOvs;
      releaseOvs = undefined;
      await release?.().catch(() => undefined);
      stateLock?.release();
      stateLock = undefined;
    },
    journal: () => record,
    adopt(adopted) {
      record = adopted;
      session.subject = { plan: adopted.plan, snapshot: adopted.snapshot, takenAt: adopted.takenAt };
      session.baseline = adopted.baseline;
      session.identity = adopted.identity;
    },
    async write(next) {
      await store.write(next);
      session.adopt(next);
    },
    async reach(stage, confirmDueAt) {
      if (record === undefined) throw uplinkError('DEFECT', { what: 'no journal to write', object: stage });
      if (record.stage === stage && confirmDueAt === undefined) return;
      await session.write({ ...record, stage, confirmDueAt: confirmDueAt ?? record.confirmDueAt });
    },
    async removeJournal() {
      if (record === undefined) return;
      await store.remove(record.request.uplink);
      record = undefined;
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
