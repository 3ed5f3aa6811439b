import type { Effect } from '../domain/effect.ts';
import type { Finding } from '../domain/finding.ts';
import type { PlannedStep } from '../domain/plan.ts';
import type { MigrationRequest } from '../domain/request.ts';
import type { Failure } from '../errors.ts';

/** What a run tells while it goes on; plain JSON, in order. `atMs` counts from the start of the run. */
export type RunEvent =
  /** The chart entered a state: `preparing.standing.makingHostPort`. */
  | {
      readonly type: 'state';
      readonly atMs: number;
      readonly state: string;
      readonly previous: string | null;
      readonly previousMs: number;
    }
  | { readonly type: 'finding'; readonly atMs: number; readonly finding: Finding }
  /** A change to the host was carried out or refused. */
  | {
      readonly type: 'effect';
      readonly atMs: number;
      readonly effect: Effect;
      readonly text: string;
      readonly failure: Failure | null;
    }
  /** Something that was waited for became true: "datapath_id is set". */
  | { readonly type: 'observed'; readonly atMs: number; readonly text: string }
  /** Something failed; the chart goes on with the way back. */
  | { readonly type: 'failure'; readonly atMs: number; readonly failure: Failure }
  /** The window to confirm is open until then. */
  | { readonly type: 'confirm-window'; readonly atMs: number; readonly remainingMs: number };

/** `event` without its time. */
export type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;

export type RunResult = 'committed' | 'refused' | 'rolledBack' | 'stranded';

/** How a run ended. */
export interface RunOutcome {
  readonly result: RunResult;
  readonly uplink: string;
  /** Id of the migration; null when it never got one. */
  readonly id: string | null;
  /** True when there was nothing to do: it was committed (or restored) before. */
  readonly alreadyDone: boolean;
  /** Findings of the pre-check; the blocking ones say why it was refused. */
  readonly findings: readonly Finding[];
  /** Why it was refused or rolled back; null for committed. */
  readonly failure: Failure | null;
  /** State of the chart in which it failed. */
  readonly failedIn: string | null;
  /** The uplink vanished: there was nothing to put its addresses back on. */
  readonly uplinkGone: boolean;
  /**
   * Open vSwitch has not let go yet: rows of ours could not be removed because OVSDB does not answer, or ovs-vswitchd hangs. `recover` ends
   * it, once they answer.
   */
  readonly pendingRows: boolean;
  /** Why part of the run had no guard, or why its guard is not proven to be gone; null when all was well, or none was wanted. */
  readonly unguarded: Failure | null;
  /** What a person must do now, if anything. */
  readonly advice: readonly string[];
  readonly durationMs: number;
}

/**
 * A run under way. Iterate it for its events (they are kept from the start, bounded); `outcome` resolves once and
 * never rejects for an operational failure.
 */
export interface Run extends AsyncIterable<RunEvent> {
  readonly outcome: Promise<RunOutcome>;
  /** Ends a commit-confirmed window with yes. */
  confirm(): void;
  /** Rolls back from wherever it is. */
  abort(reason: string): void;
}

/** Answer of `plan`. */
export interface PlanReport {
  readonly request: MigrationRequest;
  readonly findings: readonly Finding[];
  /** Null when a blocking finding stands in the way, or when it is already done. */
  readonly steps: readonly PlannedStep[] | null;
  readonly alreadyDone: boolean;
  readonly refused: boolean;
}

/** One journal and how the host looks against it. */
export interface StatusReport {
  readonly uplink: string;
  readonly id: string;
  /** `committed`, `confirming`, `rolledBack`, or the state in which the journal was written last. */
  readonly state: string;
  /** A process is working on it now. */
  readonly live: boolean;
  /** Who puts the host back when that process dies, or is silent for `dueMs` from now; null for none. */
  readonly guard: { readonly pid: number; readonly dueMs: number } | null;
  /** Differences between what was committed and the host as it is. */
  readonly drift: readonly string[];
  readonly bridge: string;
  readonly layout: string;
  /** Links of the bond, the uplink first, once it is committed; empty without one. One that fails is no drift: the others go on. */
  readonly bond: readonly BondLink[];
  /** ms until a commit-confirmed window ends; null when there is none. */
  readonly confirmRemainingMs: number | null;
  /** Set when the journal cannot be used. */
  readonly failure: Failure | null;
}

/** A link of a bond as Open vSwitch has it. */
export interface BondLink {
  readonly name: string;
  /** Why it carries nothing now; null when it can. */
  readonly problem: string | null;
}

/** What was waited for before OVS was ready. */
export interface ReadinessReport {
  readonly ready: boolean;
  /** In the order in which each became true. */
  readonly timeline: readonly { readonly atMs: number; readonly text: string }[];
  /** Why it is not ready; null when it is. */
  readonly failure: Failure | null;
}
