import { unprovided } from '../../../../machines/unprovided.ts';
import type { ChartState, NamedReference } from '../graph.ts';
import type { ChartRule } from '../rule.ts';

const KINDS = ['guards', 'actions', 'actors', 'delays'] as const;
type Kind = (typeof KINDS)[number];
type Implementations = Readonly<Record<string, unknown>>;

/** XState ignores a missing action without a word and dies of a missing guard much later. */
export const nameUnprovided: ChartRule = {
  code: 'name-unprovided',
  promise: 'the engine provides every guard, action, actor and delay that the chart names',
  *check({ walk, chart }) {
    const bound = chart.bind();
    for (const state of walk.graph.states.values()) {
      for (const [kind, { name }] of namesOf(state)) {
        if (name === null) continue;
        const provided = implementationsOf(bound.implementations, kind)[name];
        const placeholder = implementationsOf(chart.machine.implementations, kind)[name];
        if (
          provided !== undefined &&
          !isPlaceholder(provided) &&
          (bound === chart.machine || provided !== placeholder)
        ) {
          continue;
        }
        yield { state: state.path, what: `names the ${kind.slice(0, -1)} ${name}, which the engine does not provide` };
      }
    }
  },
};

/** What nobody names is dead code, or a transition that was lost. */
export const nameLeftOver: ChartRule = {
  code: 'name-left-over',
  promise: 'the chart names every guard, action, actor and delay that the engine provides',
  *check({ walk, chart }) {
    const used = new Set([...walk.graph.states.values()].flatMap(namesOf).map(([kind, { name }]) => `${kind} ${name}`));
    const bound = chart.bind();
    for (const kind of KINDS) {
      for (const name of Object.keys(implementationsOf(bound.implementations, kind))) {
        if (used.has(`${kind} ${name}`)) continue;
        yield { state: '', what: `the engine provides the ${kind.slice(0, -1)} ${name}, which no state names` };
      }
    }
  },
};

/** Functions in a chart cannot be seen by tools, replaced or tested. */
export const nameMissing: ChartRule = {
  code: 'name-missing',
  promise: 'the chart holds names only, no functions and no numbers for delays',
  *check({ walk }) {
    for (const state of walk.graph.states.values()) {
      for (const [kind, { name }] of namesOf(state)) {
        if (name === null) yield { state: state.path, what: `has one of its ${kind} written into the chart` };
        else if (kind === 'delays' && /^\d+$/.test(name))
          yield { state: state.path, what: `has a delay of ${name} ms` };
      }
    }
  },
};

function namesOf({ actions, invokes, transitions }: ChartState): (readonly [Kind, NamedReference])[] {
  return [
    ...actions.map(action => ['actions', action] as const),
    ...invokes.map(({ src }) => ['actors', { name: src, params: undefined }] as const),
    ...transitions.flatMap(({ trigger, guard, actions: own }) => [
      ...(guard === null ? [] : [['guards', guard] as const]),
      ...own.map(action => ['actions', action] as const),
      ...(trigger.kind === 'after' ? [['delays', { name: trigger.delay, params: undefined }] as const] : []),
    ]),
  ];
}

function implementationsOf(all: object, kind: Kind): Implementations {
  return ((all as Readonly<Record<string, unknown>>)[kind] ?? {}) as Implementations;
}

/** Stands in the chart for what the engine must bring: on its own, or in an actor (`fromPromise` keeps it as `config`). */
function isPlaceholder(value: unknown): boolean {
  if (value === unprovided) return true;
  return typeof value === 'object' && value !== null && 'config' in value && value.config === unprovided;
}
