import type { ChartGraph, ChartInvoke, ChartState, ChartTransition } from '../../verify/chart/graph.ts';
import { referenceText } from '../../verify/chart/text.ts';

/** Transitions of a state to the same place, as one line of text: what sets them off, and where they lead. */
export interface ChartRow {
  readonly text: string;
  /** Path of the state where they lead. */
  readonly target: string;
  readonly transitions: readonly ChartTransition[];
  /** A failure of what runs there, or a deadline, sets off some of them. */
  readonly isFailure: boolean;
}

/** Reads charts for people: what a state runs, and where it leads. */
export interface ChartRows {
  /** Last part of the path, as much of it as tells the state apart. */
  nameOf(path: string): string;
  worksOf(state: ChartState): readonly string[];
  rowsOf(state: ChartState): readonly ChartRow[];
}

/** Prepares the names of a chart. */
export function readRows(graph: ChartGraph): ChartRows {
  const count = new Map<string, number>();
  for (const path of graph.states.keys()) {
    const name = lastOf(path);
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  const nameOf = (path: string): string =>
    path === '' ? graph.id : count.get(lastOf(path)) === 1 ? lastOf(path) : path.split('.').slice(-2).join('.');
  return {
    nameOf,
    worksOf: ({ path, invokes }) => invokes.map(invoke => `runs ${workText(invoke, lastOf(path))}`),
    rowsOf(state) {
      const groups = Map.groupBy(
        state.transitions.flatMap(transition => transition.targets.map(target => ({ target, transition }))),
        ({ target }) => target,
      );
      return [...groups].map(([target, group]) => {
        const transitions = group.map(({ transition }) => transition);
        const causes = [...new Set(transitions.map(causeText))].join(', ');
        return { text: `${causes} → ${nameOf(target)}`, target, transitions, isFailure: isFailing(transitions) };
      });
    },
  };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function workText({ src, id, input }: ChartInvoke, state: string): string {
  const step = typeof input === 'object' && input !== null && 'step' in input ? String(input.step) : state;
  return step === state ? (src ?? id) : `${src ?? id} (${step})`;
}

/** What runs there fails, or a deadline passes: one that leads to the same place as an event does. A delay by itself is a pause. */
function isFailing(transitions: readonly ChartTransition[]): boolean {
  const kinds = new Set(transitions.map(({ trigger }) => trigger.kind));
  return kinds.has('error') || (kinds.has('after') && kinds.has('event'));
}

function causeText({ trigger, guard }: ChartTransition): string {
  const condition = guard === null ? '' : `[${referenceText(guard)}]`;
  switch (trigger.kind) {
    case 'always':
      return condition === '' ? 'else' : condition;
    case 'event':
      return [trigger.event, condition].filter(Boolean).join(' ');
    case 'after':
      return [trigger.delay, condition].filter(Boolean).join(' ');
    case 'done':
      return condition === '' ? 'done' : condition;
    case 'error':
      return ['error', condition].filter(Boolean).join(' ');
    case 'finished':
      return ['finished', condition].filter(Boolean).join(' ');
  }
}
