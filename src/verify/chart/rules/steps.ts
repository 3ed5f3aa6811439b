import { forwardStepOf, stepOf } from '../begun.ts';
import { doneBefore } from '../done-before.ts';
import type { ChartRule } from '../rule.ts';

/** The plan's order is the chart's. */
export const stepMisplaced: ChartRule = {
  code: 'step-misplaced',
  promise:
    'the chart carries out every forward step once, in the order of the plan, and passes by none but those that are declared',
  *check({ walk, declared, begun }) {
    const { wayBack } = declared;
    if (wayBack === null) return;
    const done = doneBefore(walk, declared, false);
    for (const [index, step] of wayBack.forwardSteps.entries()) {
      const places = walk.reachable.filter(leaf => forwardStepOf(walk, declared, leaf) === step);
      const place = places[0];
      if (place === undefined || places.length > 1) {
        yield { state: place ?? '', what: `${step} is carried out in ${places.length} states, not in one` };
        continue;
      }
      const guard = wayBack.optionalSteps[step];
      const isGuarded = walk.reachable.some(leaf =>
        walk.edges(leaf).some(({ to, transition }) => to === place && transition.guard?.name === guard),
      );
      if (guard !== undefined && !isGuarded) yield { state: place, what: `${guard} does not lead into it` };
      const before = wayBack.forwardSteps.slice(0, index).filter(s => wayBack.optionalSteps[s] === undefined);
      const passedBy = before.filter(s => !done.get(place)?.has(`${wayBack.forwardActor} ${s}`));
      if (passedBy.length > 0) yield { state: place, what: `can be reached without ${passedBy.join(', ')}` };
      const late = wayBack.forwardSteps.slice(index + 1).filter(s => begun.get(place)?.has(s));
      if (late.length > 0) yield { state: place, what: `can be reached after ${late.join(', ')}` };
    }
  },
};

/** Everything has its inverse, and the inverses are there. */
export const inverseMissing: ChartRule = {
  code: 'inverse-missing',
  promise: 'every forward step has an inverse, and the chart carries out every inverse in one state of the way back',
  *check({ walk, declared: { wayBack } }) {
    if (wayBack === null) return;
    for (const step of wayBack.forwardSteps) {
      if ((wayBack.inverses[step] ?? []).length === 0) yield { state: '', what: `nothing undoes ${step}` };
    }
    const undoing = new Set(Object.values(wayBack.inverses).flat());
    for (const step of wayBack.rollbackSteps) {
      if (!undoing.has(step)) yield { state: '', what: `${step} undoes no forward step` };
      const places = walk.reachable.filter(leaf =>
        walk.state(leaf).invokes.some(invoke => stepOf(invoke, wayBack.rollbackActor) === step),
      );
      if (places.length === 1) continue;
      yield { state: places[0] ?? '', what: `${step} is carried out in ${places.length} states, not in one` };
    }
  },
};
