import type { ChartRule } from '../rule.ts';
import type { Walk } from '../walk.ts';

/** An actor's error without a transition would end the whole chart. */
export const errorUnanswered: ChartRule = {
  code: 'error-unanswered',
  promise: 'every invoke has an error transition that is always taken',
  *check({ walk }) {
    for (const { path, invokes, transitions } of walk.graph.states.values()) {
      for (const { id, src } of invokes) {
        const answers = transitions.filter(({ trigger }) => trigger.kind === 'error' && trigger.invokeId === id);
        if (answers.some(({ guard, targets }) => guard === null && targets.length > 0)) continue;
        const why = answers.length === 0 ? 'no onError' : 'an onError that may not be taken, or leads nowhere';
        yield { state: path, what: `invoke ${src ?? id} has ${why}` };
      }
    }
  },
};

/** Waits have a limit. */
export const deadlineMissing: ChartRule = {
  code: 'deadline-missing',
  promise: 'every state that waits has a deadline, its own or that of a state around it',
  *check({ walk }) {
    for (const leaf of restingLeaves(walk)) {
      if (hasAlways(walk, leaf) || hasDeadline(walk, leaf)) continue;
      const { invokes } = walk.state(leaf);
      const what = invokes.length === 0 ? 'events' : invokes.map(({ src, id }) => src ?? id).join(', ');
      yield { state: leaf, what: `waits for ${what} without an \`after\` that leads out` };
    }
  },
};

/** Decisions are made. */
export const decisionOpen: ChartRule = {
  code: 'decision-open',
  promise: 'every decision has a last branch without a guard, or a deadline',
  *check({ walk }) {
    for (const leaf of restingLeaves(walk)) {
      if (!hasAlways(walk, leaf) || hasDeadline(walk, leaf)) continue;
      yield { state: leaf, what: 'when none of the guards of its `always` holds the chart stays here for ever' };
    }
  },
};

function restingLeaves(walk: Walk): readonly string[] {
  return walk.reachable.filter(leaf => !walk.isTransient(leaf) && !walk.isTerminal(leaf));
}

function hasAlways(walk: Walk, leaf: string): boolean {
  return walk.effective(leaf).some(({ trigger }) => trigger.kind === 'always');
}

function hasDeadline(walk: Walk, leaf: string): boolean {
  return walk
    .edges(leaf)
    .some(({ transition, to }) => transition.trigger.kind === 'after' && transition.guard === null && to !== leaf);
}
