import { ofInnermost } from '../declarations.ts';
import type { ChartRule, Subject } from '../rule.ts';
import type { Edge } from '../walk.ts';

/** Success leads to success. */
export const goalUnreachable: ChartRule = {
  code: 'goal-unreachable',
  promise:
    'from every state a run that nothing disturbs reaches its goal: no error, no deadline, no failure on the way',
  *check(subject) {
    const { walk, declared } = subject;
    for (const leaf of walk.reachable.filter(path => !walk.isTerminal(path))) {
      const goal = ofInnermost(declared.goals, leaf);
      if (goal === undefined) yield { state: leaf, what: 'no goal is declared for it' };
      else if (!walk.reach([leaf], edge => isUndisturbed(subject, edge)).has(goal)) {
        yield { state: leaf, what: `${goal} cannot be reached without a failure` };
      }
    }
  },
};

function isUndisturbed({ declared }: Subject, { transition }: Edge): boolean {
  const { trigger, guard } = transition;
  switch (trigger.kind) {
    case 'error':
      return false;
    case 'after':
      return declared.pauses.includes(trigger.delay);
    case 'event':
      return !declared.failures.some(
        ({ on }) => on.kind === 'event' && on.event === trigger.event && on.guard === (guard?.name ?? null),
      );
    default:
      return true;
  }
}
