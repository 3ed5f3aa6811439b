import type { HostIdentity } from '../../domain/host-facts.ts';
import type { MigrationPlan } from '../../domain/plan.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { ProbeOutcome } from '../../host/host.ts';

/** How far a migration has come; written before what it names begins. */
export const JOURNAL_STAGES = [
  'preparing',
  'cuttingOver',
  'verifying',
  'confirming',
  'committed',
  'rollingBack',
  // The kernel is as before, but Open vSwitch has not let go yet: rows of ours wait for OVSDB to answer, or ovs-vswitchd hangs.
  'rowsPending',
] as const;

export type JournalStage = (typeof JOURNAL_STAGES)[number];

/** What is on disk before the first change: enough for another process to finish or to put everything back. */
export interface JournalRecord {
  readonly id: string;
  /** Grows with each run that works on the journal: what an earlier run left behind, its guard above all, keeps its hands off (F-124). */
  readonly generation: number;
  readonly stage: JournalStage;
  readonly identity: HostIdentity;
  readonly request: MigrationRequest;
  readonly plan: MigrationPlan;
  readonly snapshot: Snapshot;
  /** Wall-clock ms at which the snapshot was taken: limited lifetimes run down from there. */
  readonly takenAt: number;
  /** Probes as they answered before the change. */
  readonly baseline: readonly ProbeOutcome[];
  /** Its rows in OVSDB may make the uplink a port of the bridge: written before they are. */
  readonly mayBeAttached?: boolean;
  /** Wall-clock ms at which a commit-confirmed window ends; null when there is none. */
  readonly confirmDueAt: number | null;
}

/** Generation of a journal that a migration has just made. One written before there were generations has none, which counts as 0. */
export const FIRST_GENERATION = 1;

/** Version of {@link JournalRecord}; a reader refuses any other. */
export const JOURNAL_VERSION = 1;
