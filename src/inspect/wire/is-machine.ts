import type { AnyStateMachine } from 'xstate';

/** True for a machine, also one of another copy of XState; other logic has no tree of states. */
export function isMachine(logic: unknown): logic is AnyStateMachine {
  return typeof logic === 'object' && logic !== null && 'root' in logic && 'config' in logic && 'id' in logic;
}
