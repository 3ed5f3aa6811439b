import { forwardStepOf } from '../begun.ts';
import type { Requirement } from '../declarations.ts';
import { doneBefore, endedBy } from '../done-before.ts';
import type { ChartRule, Offence, Subject } from '../rule.ts';

/** Nothing comes too soon. */
export const requirementSkipped: ChartRule = {
  code: 'requirement-skipped',
  promise: 'nothing is changed before the journal is written, nothing committed before it was compared and probed',
  *check(subject) {
    for (const requirement of subject.declared.requirements) yield* checkRequirement(subject, requirement);
  },
};

function* checkRequirement(subject: Subject, { name, state, done, sinceChange }: Requirement): Iterable<Offence> {
  const { walk, declared, begun } = subject;
  const before = doneBefore(walk, declared, sinceChange);
  // Leaves that only a resumed run gets to are not among them: such a run stands on its journal.
  for (const [leaf, known] of before) {
    const changed = (begun.get(leaf)?.size ?? 0) > 0;
    for (const edge of walk.edges(leaf)) {
      const isMeant = state === null ? forwardStepOf(walk, declared, edge.to) !== null : edge.to === state && changed;
      if (!isMeant) continue;
      const own = forwardStepOf(walk, declared, leaf);
      const here = sinceChange && own !== null ? new Set<string>() : known;
      const ended = new Set([...here, ...endedBy(walk, edge)]);
      const missing = done.filter(actor => !ended.has(actor));
      if (missing.length > 0) yield { state: leaf, what: `${name}: leads to ${edge.to} without ${missing.join(', ')}` };
    }
  }
}
