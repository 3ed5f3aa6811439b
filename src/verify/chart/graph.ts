import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** What a transition waits for. */
export type Trigger =
  | { readonly kind: 'always' }
  | { readonly kind: 'event'; readonly event: string }
  | { readonly kind: 'after'; readonly delay: string }
  /** An invoked actor ended well; `actor` is the name of its source. */
  | { readonly kind: 'done'; readonly actor: string; readonly invokeId: string }
  | { readonly kind: 'error'; readonly actor: string; readonly invokeId: string }
  /** A final child state was reached. */
  | { readonly kind: 'finished' };

/** A guard or an action as the chart names it. */
export interface NamedReference {
  /** Null for a function written into the chart. */
  readonly name: string | null;
  readonly params: unknown;
}

/** One candidate transition; candidates of a trigger are asked in order. */
export interface ChartTransition {
  /** Path of the state that it belongs to; empty for the root. */
  readonly source: string;
  readonly trigger: Trigger;
  readonly guard: NamedReference | null;
  readonly actions: readonly NamedReference[];
  /** Paths; empty where the state stays. */
  readonly targets: readonly string[];
}

/** An actor that lives as long as its state. */
export interface ChartInvoke {
  readonly id: string;
  readonly src: string | null;
  /** What the chart hands it, where that is a literal. */
  readonly input: unknown;
}

/** A state of a chart, by its path. */
export interface ChartState {
  readonly path: string;
  readonly parent: string | null;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly children: readonly string[];
  readonly initial: string | null;
  readonly tags: readonly string[];
  readonly invokes: readonly ChartInvoke[];
  /** Entry and exit actions. */
  readonly actions: readonly NamedReference[];
  readonly transitions: readonly ChartTransition[];
}

/** A chart as plain data, in document order. */
export interface ChartGraph {
  readonly id: string;
  readonly states: ReadonlyMap<string, ChartState>;
}

/**
 * Reads a chart from XState's own tree of state nodes, so that targets are resolved as XState resolves them. `toDirectedGraph` of
 * `xstate/graph` is no help: it leaves `always` out.
 */
export function readChart(machine: AnyStateMachine): ChartGraph {
  const states = new Map<string, ChartState>();
  const visit = (node: AnyStateNode): void => {
    states.set(pathOf(node), readState(node));
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  return { id: machine.id, states };
}

function readState(node: AnyStateNode): ChartState {
  const children = Object.values(node.states).map(pathOf);
  return {
    path: pathOf(node),
    parent: node.parent === undefined ? null : pathOf(node.parent),
    kind: node.type,
    children,
    initial: node.type === 'compound' ? (node.initial.target?.map(pathOf)[0] ?? null) : null,
    tags: node.tags,
    invokes: node.invoke.map(({ id, src, input }) => ({ id, src: typeof src === 'string' ? src : null, input })),
    // From the configuration: the node's own lists also hold what arms and disarms the deadlines.
    actions: [...listOf(node.config.entry), ...listOf(node.config.exit)].map(referenceOf),
    transitions: readTransitions(node),
  };
}

interface Definition {
  readonly target?: readonly AnyStateNode[] | undefined;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
}

function readTransitions(node: AnyStateNode): ChartTransition[] {
  const read = (trigger: Trigger, definitions: readonly Definition[]): ChartTransition[] =>
    definitions.map(({ target, guard, actions }) => ({
      source: pathOf(node),
      trigger,
      guard: guard === undefined ? null : referenceOf(guard),
      actions: actions.map(referenceOf),
      targets: target?.map(pathOf) ?? [],
    }));
  return [
    ...read({ kind: 'always' }, node.always ?? []),
    ...[...node.transitions].flatMap(([type, definitions]) => read(triggerOf(node, type), definitions)),
  ];
}

function triggerOf(node: AnyStateNode, type: string): Trigger {
  const after = node.after.find(({ eventType }) => eventType === type);
  if (after !== undefined) return { kind: 'after', delay: String(after.delay) };
  for (const { id, src } of node.invoke) {
    const actor = typeof src === 'string' ? src : id;
    if (type === `xstate.done.actor.${id}`) return { kind: 'done', actor, invokeId: id };
    if (type === `xstate.error.actor.${id}`) return { kind: 'error', actor, invokeId: id };
  }
  return type === `xstate.done.state.${node.id}` ? { kind: 'finished' } : { kind: 'event', event: type };
}

function referenceOf(reference: unknown): NamedReference {
  if (typeof reference === 'string') return { name: reference, params: undefined };
  if (typeof reference === 'object' && reference !== null && 'type' in reference) {
    return { name: String(reference.type), params: 'params' in reference ? reference.params : undefined };
  }
  return { name: null, params: undefined };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function pathOf(node: AnyStateNode): string {
  return node.path.join('.');
}
