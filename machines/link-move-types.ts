import type { Finding } from '../src/domain/finding.ts';
import type { MovePlan } from '../src/domain/move/plan.ts';
import type { MoveRequest } from '../src/domain/move/request.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import type { Failure } from '../src/errors.ts';

/** Where a run begins: `assessing` for a new move; the others go on from a journal. */
export type MoveEntry = 'assessing' | 'inUse' | 'returning';

export interface MoveInput {
  readonly request: MoveRequest;
  readonly entry: MoveEntry;
  /** Of the journal; null for a new move. */
  readonly plan: MovePlan | null;
  readonly snapshot: Snapshot | null;
  readonly maxAttempts: number;
}

export interface MoveContext extends MoveInput {
  readonly findings: readonly Finding[];
  /** The first failure, which is what the user asks about. */
  readonly failure: Failure | null;
  readonly failedIn: string | null;
  /** Why the way back failed last. */
  readonly stranding: Failure | null;
  readonly attempts: number;
  readonly alreadyDone: boolean;
  /** The link is nowhere any more: it went with its namespace, or was unplugged. */
  readonly linkGone: boolean;
  /** The host was booted since: whatever is at home now is as the boot made it. */
  readonly isOver: boolean;
}

/** Result of reading both namespaces and judging them. */
export interface MoveAssessment {
  readonly verdict: 'proceed' | 'refuse' | 'done';
  readonly findings: readonly Finding[];
  readonly plan: MovePlan | null;
  readonly snapshot: Snapshot | null;
}

/** What taking over a journal tells. */
export interface TakeOverReport {
  /** The journal was of an earlier boot: there is nothing to bring home, and it is closed. */
  readonly isOver: boolean;
  /** Where it goes on: another process may have gone further while the lock was waited for. */
  readonly entry: MoveEntry;
}

/** What a step of the way back tells. */
export interface ReturnReport {
  readonly linkGone: boolean;
}

export type MoveEvent = { readonly type: 'ABORT'; readonly reason: string } | { readonly type: 'RETURN' };
