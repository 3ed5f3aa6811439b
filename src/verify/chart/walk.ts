import type { ChartGraph, ChartState, ChartTransition, Trigger } from './graph.ts';

/** A step of the chart from one state without children to another. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly transition: ChartTransition;
}

/** Questions about what a chart can do. All states in answers are leaves: states without children, the ones a chart rests in. */
export interface Walk {
  readonly graph: ChartGraph;
  state(path: string): ChartState;
  /** Where the chart stands after entering a state. */
  entryLeaves(path: string): readonly string[];
  /** The state and what it stands in, from the inside out. */
  lineage(path: string): readonly ChartState[];
  /** Transitions that can be taken in a leaf, its own and inherited ones, in the order in which XState asks. */
  effective(leaf: string): readonly ChartTransition[];
  /** Of those the candidates for one event, by its whole name. */
  candidatesFor(leaf: string, event: string): readonly ChartTransition[];
  edges(leaf: string): readonly Edge[];
  /** Every leaf that the chart can stand in, in document order. */
  readonly reachable: readonly string[];
  /** The leaf is left in the very step that enters it. */
  isTransient(leaf: string): boolean;
  /** A run ends here, unless a declared event leads on. */
  isTerminal(leaf: string): boolean;
  /** Leaves that can be reached from some over edges that pass the filter, those included. */
  reach(from: readonly string[], passes: (edge: Edge) => boolean): ReadonlySet<string>;
}

/** The tag of states in which a run ends. */
export const TERMINAL_TAG = 'terminal';

/** True for a state itself and everything in it. */
export function isWithin(path: string, part: string): boolean {
  return part === '' || path === part || path.startsWith(`${part}.`);
}

/** Prepares the questions; each answer is worked out once. */
export function createWalk(graph: ChartGraph): Walk {
  const state = (path: string): ChartState => {
    const found = graph.states.get(path);
    if (found === undefined) throw new Error(`chart ${graph.id} has no state ${path}`);
    return found;
  };
  const entryLeaves = (path: string): readonly string[] => {
    const { initial, children, kind } = state(path);
    if (kind === 'parallel') return children.flatMap(entryLeaves);
    return initial === null ? [path] : entryLeaves(initial);
  };
  const lineage = (path: string): readonly ChartState[] => {
    const own = state(path);
    return own.parent === null ? [own] : [own, ...lineage(own.parent)];
  };
  const effective = memoized((leaf: string) => effectiveTransitions(lineage(leaf)));
  const edges = memoized((leaf: string): readonly Edge[] =>
    effective(leaf).flatMap(transition =>
      transition.targets.flatMap(entryLeaves).map(to => ({ from: leaf, to, transition })),
    ),
  );
  const reach = (from: readonly string[], passes: (edge: Edge) => boolean): ReadonlySet<string> => {
    const seen = new Set(from);
    for (const leaf of seen) for (const edge of edges(leaf)) if (passes(edge)) seen.add(edge.to);
    return seen;
  };
  const all = reach(entryLeaves(''), () => true);
  return {
    graph,
    state,
    entryLeaves,
    lineage,
    effective,
    candidatesFor: (leaf, event) => candidates(lineage(leaf), `on ${event}`),
    edges,
    reach,
    reachable: [...graph.states.keys()].filter(path => all.has(path)),
    isTransient: leaf => effective(leaf).some(({ trigger, guard }) => trigger.kind === 'always' && guard === null),
    isTerminal: leaf => state(leaf).kind === 'final' || state(leaf).tags.includes(TERMINAL_TAG),
  };
}

/**
 * What can be taken of the transitions of a leaf and its ancestors. A candidate without a guard hides the later ones of its trigger, also those
 * of ancestors; so does an earlier one with the same guard. A leaf that `always` leads away from hears nothing.
 */
function effectiveTransitions(lineage: readonly ChartState[]): readonly ChartTransition[] {
  const always = candidates(lineage, 'always');
  if (always.some(({ guard }) => guard === null)) return always;
  const keys = new Set(lineage.flatMap(({ transitions }) => transitions.map(triggerKey)));
  keys.delete('always');
  return [...always, ...[...keys].flatMap(key => candidates(lineage, key))];
}

function candidates(lineage: readonly ChartState[], key: string): ChartTransition[] {
  const taken: ChartTransition[] = [];
  const guards = new Set<string>();
  for (const { transitions } of lineage) {
    const exact = transitions.filter(transition => triggerKey(transition) === key);
    const broader = transitions
      .filter(({ trigger }) => isBroader(trigger, key))
      .sort((a, b) => triggerKey(b).length - triggerKey(a).length);
    for (const transition of [...exact, ...broader]) {
      const guard = transition.guard === null ? null : JSON.stringify(transition.guard);
      if (guard !== null && transition.guard?.name !== null && guards.has(guard)) continue;
      taken.push(transition);
      if (guard === null) return taken;
      guards.add(guard);
    }
  }
  return taken;
}

/** What two transitions must share to be candidates of the same moment. Every state has its own timers. */
function triggerKey({ trigger, source }: ChartTransition): string {
  switch (trigger.kind) {
    case 'event':
      return `on ${trigger.event}`;
    case 'after':
      return `after ${trigger.delay} ${source}`;
    case 'done':
    case 'error':
      return `${trigger.kind} ${trigger.invokeId}`;
    case 'finished':
      return `finished ${source}`;
    case 'always':
      return trigger.kind;
  }
}

function isBroader(trigger: Trigger, key: string): boolean {
  if (trigger.kind !== 'event' || !trigger.event.endsWith('*') || !key.startsWith('on ')) return false;
  const prefix = trigger.event.slice(0, -1);
  const event = key.slice('on '.length);
  return event !== trigger.event && event.startsWith(prefix);
}

function memoized<T>(work: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return key => {
    if (!known.has(key)) known.set(key, work(key));
    return known.get(key) as T;
  };
}
