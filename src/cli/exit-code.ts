import type { MoveOutcome } from '../engine/move/run.ts';
import type { RunResult } from '../engine/run.ts';
import type { ErrorCode } from '../errors.ts';

/**
 * What the process ends with: 0 done · 1 a defect of ours · 2 bad usage or configuration · 3 refused, nothing changed · 4 rolled back, the
 * host is as before · 5 stranded, a person is needed · 6 a deadline passed while only waiting.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Exit code of `migrate`. */
export function exitCodeOfMigration(result: RunResult): ExitCode {
  switch (result) {
    case 'committed':
      return 0;
    case 'refused':
      return 3;
    case 'rolledBack':
      return 4;
    case 'stranded':
      return 5;
  }
}

/** Exit code of `move-link`. */
export function exitCodeOfMove(result: MoveOutcome['result']): ExitCode {
  switch (result) {
    case 'inUse':
      return 0;
    case 'refused':
      return 3;
    case 'restored':
      return 4;
    case 'stranded':
      return 5;
  }
}

/** Exit code of `return-link`: home is what was asked for. */
export function exitCodeOfReturn(result: MoveOutcome['result']): ExitCode {
  switch (result) {
    case 'restored':
      return 0;
    case 'inUse':
    case 'refused':
      return 3;
    case 'stranded':
      return 5;
  }
}

/** Exit code of `restore`: rolled back is what was asked for. A run that ends committed has not restored anything: refused. */
export function exitCodeOfRestore(result: RunResult): ExitCode {
  switch (result) {
    case 'rolledBack':
      return 0;
    case 'committed':
    case 'refused':
      return 3;
    case 'stranded':
      return 5;
  }
}

/** Exit code of `recover`, for migrations and moved links: 5 when any is stranded, else 3 when any was refused, else 6 when Open vSwitch has not let go of any, else 0. */
export function exitCodeOfRecovery(
  outcomes: readonly { readonly result: RunResult | MoveOutcome['result']; readonly pendingRows?: boolean }[],
): ExitCode {
  if (outcomes.some(outcome => outcome.result === 'stranded')) return 5;
  if (outcomes.some(outcome => outcome.result === 'refused')) return 3;
  // Open vSwitch did not let go in time: there is something left to wait for.
  return outcomes.some(outcome => outcome.pendingRows === true) ? 6 : 0;
}

/** Exit code for an error that kept a command from doing anything. */
export function exitCodeOfError(code: ErrorCode): ExitCode {
  switch (code) {
    case 'USAGE':
      return 2;
    case 'DEFECT':
      return 1;
    default:
      return 3;
  }
}
