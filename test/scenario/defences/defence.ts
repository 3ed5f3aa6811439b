/** One line of ours that keeps a failure of the catalogue away; without it the scenario that guards it must go red. */
export interface Defence {
  /** Below fixtures/scenarios. */
  readonly scenario: string;
  /** What is undone, for people. */
  readonly what: string;
  /** From the root of the checkout. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
