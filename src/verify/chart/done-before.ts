import { forwardStepOf, stepOf } from './begun.ts';
import type { ChartDeclarations } from './declarations.ts';
import type { ChartInvoke } from './graph.ts';
import type { Edge, Walk } from './walk.ts';

/** What has ended well: null stands for everything, before any path is known. */
type Done = ReadonlySet<string> | null;

/**
 * For each leaf the actors that have ended well on every path to it, each by its source, with its step where it has one. Paths of a resumed
 * run do not count, since its journal tells what was done; a leaf that only such paths lead to is left out. With `sinceChange`, what was done before a forward step counts no more.
 */
export function doneBefore(
  walk: Walk,
  declared: ChartDeclarations,
  sinceChange: boolean,
): ReadonlyMap<string, ReadonlySet<string>> {
  const done = new Map<string, Done>(walk.reachable.map(leaf => [leaf, null]));
  const [first] = walk.entryLeaves('');
  if (first !== undefined) done.set(first, new Set());
  const queue = new Set(first === undefined ? [] : [first]);
  for (const leaf of queue) {
    queue.delete(leaf);
    const isChange = sinceChange && forwardStepOf(walk, declared, leaf) !== null;
    const here = isChange ? new Set<string>() : (done.get(leaf) ?? new Set<string>());
    for (const edge of walk.edges(leaf)) {
      if (isInherited(edge, declared)) continue;
      const arriving = new Set([...here, ...endedBy(walk, edge)]);
      const known = done.get(edge.to) ?? null;
      const met = known === null ? arriving : new Set([...known].filter(actor => arriving.has(actor)));
      if (known !== null && met.size === known.size) continue;
      done.set(edge.to, met);
      queue.add(edge.to);
    }
  }
  return new Map([...done].filter((known): known is [string, ReadonlySet<string>] => known[1] !== null));
}

/** The actors whose end an edge is. */
export function endedBy(walk: Walk, { from, transition }: Edge): readonly string[] {
  const { trigger } = transition;
  if (trigger.kind !== 'done') return [];
  const invokes = walk.lineage(from).flatMap(state => state.invokes);
  return invokes.filter(({ id }) => id === trigger.invokeId).map(actorText);
}

function actorText(invoke: ChartInvoke): string {
  const src = invoke.src ?? invoke.id;
  const step = invoke.src === null ? null : stepOf(invoke, invoke.src);
  return step === null ? src : `${src} ${step}`;
}

function isInherited({ transition }: Edge, { resume }: ChartDeclarations): boolean {
  return transition.trigger.kind === 'done' && transition.trigger.actor === resume?.inheritsBy;
}
