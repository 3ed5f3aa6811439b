import type { MoveCase } from '../../../../src/verify/explore/moves/move-case.ts';

/** One line that keeps a promise, and a case that shows it. */
export interface MoveDefence {
  /** What is undone, for people. */
  readonly what: string;
  /** From the root of the checkout. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly planned: MoveCase;
}
