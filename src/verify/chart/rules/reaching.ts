import type { ChartRule } from '../rule.ts';
import { isWithin } from '../walk.ts';

/** Every state can be entered. */
export const stateUnreachable: ChartRule = {
  code: 'state-unreachable',
  promise: 'every state can be reached',
  *check({ walk }) {
    for (const path of walk.graph.states.keys()) {
      if (walk.reachable.some(leaf => isWithin(leaf, path))) continue;
      yield { state: path, what: 'no transition leads here' };
    }
  },
};

/** No run can stand still for ever. */
export const stateDead: ChartRule = {
  code: 'state-dead',
  promise: 'every state in which no run ends has a way out',
  *check({ walk }) {
    for (const leaf of walk.reachable) {
      if (walk.isTerminal(leaf) && !isNestedFinal(leaf, walk.state(leaf).kind)) continue;
      if (walk.edges(leaf).some(({ to }) => to !== leaf)) continue;
      yield { state: leaf, what: 'nothing leads out of it, and no run is meant to end here' };
    }
  },
};

/** Proofs look at one leaf at a time. */
export const kindUnproven: ChartRule = {
  code: 'kind-unproven',
  promise: 'the chart has only states that these proofs understand',
  *check({ walk }) {
    for (const { path, kind } of walk.graph.states.values()) {
      if (kind !== 'parallel' && kind !== 'history') continue;
      yield { state: path, what: `a ${kind} state: these proofs do not cover it` };
    }
  },
};

/** A final state inside another ends only that one. */
function isNestedFinal(leaf: string, kind: string): boolean {
  return kind === 'final' && leaf.includes('.');
}
