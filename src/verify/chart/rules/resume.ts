import type { Resume } from '../declarations.ts';
import type { ChartRule } from '../rule.ts';
import type { Edge, Walk } from '../walk.ts';
import { isWithin } from '../walk.ts';

/** A resumed run goes on where its journal says. */
export const resumeAstray: ChartRule = {
  code: 'resume-astray',
  promise: 'a run goes on where its journal says, whatever that is',
  *check({ walk, declared: { resume } }) {
    if (resume === null) return;
    for (const [entry, wanted] of Object.entries(resume.entries)) {
      const passed = follow(walk, resume, entry, wanted);
      if (passed.some(leaf => isWithin(leaf, wanted))) continue;
      yield { state: passed.at(-1) ?? '', what: `a run that is to go on at ${wanted} ends up here` };
    }
  },
};

/** The leaves that a run passes from the start: decisions as the entry decides them, actors that end well without a verdict. */
function follow(walk: Walk, resume: Resume, entry: string, wanted: string): readonly string[] {
  const passed: string[] = [];
  let here = walk.entryLeaves('')[0];
  while (here !== undefined && !passed.includes(here)) {
    passed.push(here);
    if (isWithin(here, wanted)) return passed;
    const edges: readonly Edge[] = walk.edges(here);
    const next =
      edges.find(({ transition }) => transition.trigger.kind === 'always' && holds(transition.guard, resume, entry)) ??
      edges.find(({ transition }) => transition.trigger.kind === 'done' && transition.guard === null);
    here = next?.to;
  }
  return passed;
}

function holds(guard: Edge['transition']['guard'], resume: Resume, entry: string): boolean {
  if (guard === null) return true;
  if (guard.name !== resume.guard || typeof guard.params !== 'object' || guard.params === null) return false;
  return (guard.params as Readonly<Record<string, unknown>>)[resume.parameter] === entry;
}
