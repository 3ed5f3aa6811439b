import type { MadeOperation, VisitedState } from './disturbance.ts';
import type { CaseViolation } from './judge.ts';

/** What became of a case. */
export interface CaseResult {
  readonly violations: readonly CaseViolation[];
  /** Results in the order of the processes: "killed", "rolledBack", "committed". */
  readonly ends: readonly string[];
  readonly operations: readonly MadeOperation[];
  readonly states: readonly VisitedState[];
  /** Faults and incidents that never came, because what they were waiting for did not: the case is not what it was when it was written. */
  readonly unused: readonly string[];
  /** SHA-256 over everything that happened, in order; the same for the same case. Empty unless asked for. */
  readonly trace: string;
  readonly virtualMs: number;
  readonly turns: number;
}
