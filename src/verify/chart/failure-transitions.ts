import type { FailureKind } from './declarations.ts';
import type { ChartTransition } from './graph.ts';
import type { Subject } from './rule.ts';

/** The transition is what a failure of this kind sets off. */
export function isSetOffBy({ on }: FailureKind, transition: ChartTransition, pauses: readonly string[]): boolean {
  const { trigger, guard } = transition;
  switch (on.kind) {
    case 'error':
      return trigger.kind === 'error';
    case 'deadline':
      return trigger.kind === 'after' && !pauses.includes(trigger.delay);
    case 'event':
      return trigger.kind === 'event' && trigger.event === on.event && (guard?.name ?? null) === on.guard;
    case 'condition':
      return guard !== null && on.guards.includes(guard.name ?? '');
  }
}

/** What a failure sets off in a leaf: transitions that lead on, in the order in which they are asked. */
export function answersTo(subject: Subject, failure: FailureKind, leaf: string): readonly ChartTransition[] {
  return subject.walk
    .effective(leaf)
    .filter(t => t.targets.length > 0 && isSetOffBy(failure, t, subject.declared.pauses));
}
