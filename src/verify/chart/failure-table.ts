import { answersTo } from './failure-transitions.ts';
import type { Subject } from './rule.ts';
import { referenceText, triggerText } from './text.ts';

/** What becomes of a failure in a state: one row of the table that `verify` prints. */
export interface FailureRow {
  readonly chart: string;
  readonly state: string;
  readonly failure: string;
  /** What exactly sets it off: `error of forwardStep`, `after stepDeadline`. */
  readonly trigger: string;
  /** Where it leads: the state that the chart then stands in. */
  readonly target: string;
  /** The state whose transition it is: this one, or one around it. */
  readonly by: string;
}

/** For every state that works and every failure that can happen in it, where it leads. */
export function failureTable(subject: Subject): readonly FailureRow[] {
  const { walk, declared, chart } = subject;
  const leaves = walk.reachable.filter(leaf => !walk.isTransient(leaf) && !walk.isTerminal(leaf));
  return leaves.flatMap(state =>
    declared.failures.flatMap(failure =>
      answersTo(subject, failure, state).map(transition => {
        const guard = transition.guard === null ? '' : ` [${referenceText(transition.guard)}]`;
        return {
          chart: chart.name,
          state,
          failure: failure.name,
          trigger: `${triggerText(transition.trigger)}${guard}`,
          target: transition.targets.flatMap(path => walk.entryLeaves(path)).join(', '),
          by: transition.source,
        };
      }),
    ),
  );
}
