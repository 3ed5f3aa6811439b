import type { DeclaredException } from './declarations.ts';
import type { FailureRow } from './failure-table.ts';

/** The failures of a state that lead to the same place. */
export interface FailureGroup {
  readonly failures: readonly string[];
  readonly target: string;
}

/** What becomes of the failures in one state, in the order of the chart. */
export interface StateFailures {
  readonly state: string;
  readonly groups: readonly FailureGroup[];
}

/** The failure table by state, and in a state by where its failures lead. */
export function groupFailures(rows: readonly FailureRow[]): readonly StateFailures[] {
  const states = [...new Set(rows.map(({ state }) => state))];
  return states.map(state => {
    const own = rows.filter(row => row.state === state);
    const targets = [...new Set(own.map(({ target }) => target))];
    return {
      state,
      groups: targets.map(target => ({
        target,
        failures: [...new Set(own.filter(row => row.target === target).map(failureText))],
      })),
    };
  });
}

/** Errors of an actor that a state around this one keeps are told from those of its own. */
function failureText({ failure, trigger, state, by }: FailureRow): string {
  return failure === 'error' && by !== state ? trigger : failure;
}

/** Exceptions that share a rule, a state and a reason. */
export interface ExceptionGroup {
  readonly rule: string;
  readonly state: string;
  readonly about: readonly string[];
  readonly reason: string;
}

/** Puts together what is excepted for one reason. */
export function groupExceptions(exceptions: readonly DeclaredException[]): readonly ExceptionGroup[] {
  const groups = new Map<string, ExceptionGroup>();
  for (const { rule, state, about, reason } of exceptions) {
    const key = JSON.stringify([rule, state, reason]);
    const known = groups.get(key)?.about ?? [];
    groups.set(key, { rule, state, reason, about: about === undefined ? known : [...known, about] });
  }
  return [...groups.values()];
}
