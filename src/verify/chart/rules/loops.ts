import type { BoundedGuard } from '../declarations.ts';
import type { ChartRule, Offence } from '../rule.ts';
import type { Edge, Walk } from '../walk.ts';

/** A loop that needs nothing from outside ends. */
export const loopUnbounded: ChartRule = {
  code: 'loop-unbounded',
  promise: 'every loop that turns without an event from outside counts its turns, and ends',
  *check({ walk, declared }) {
    const { boundedGuards } = declared;
    const inner = walk.reachable.flatMap(leaf => walk.edges(leaf)).filter(isInner);
    const unbounded = inner.filter(edge => !boundedGuards.some(({ guard }) => isGuardedBy(edge, guard)));
    for (const loop of loopsOf(walk, unbounded)) {
      yield offenceOf(loop, 'turns for ever: none of its transitions has a guard that is declared to bound it');
    }
    for (const bound of boundedGuards) yield* checkBound(walk, inner, bound);
  },
};

/** The guard becomes false only if every turn counts, and none begins to count again. */
function* checkBound(walk: Walk, inner: readonly Edge[], bound: BoundedGuard): Iterable<Offence> {
  const hasAction = ({ transition }: Edge, names: readonly string[]): boolean =>
    transition.actions.some(({ name }) => name !== null && names.includes(name));
  const uncounted = inner.filter(edge => !hasAction(edge, [bound.counts]));
  for (const loop of loopsOf(walk, uncounted)) {
    if (!edgesWithin(uncounted, loop).some(edge => isGuardedBy(edge, bound.guard))) continue;
    yield offenceOf(loop, `${bound.guard} bounds it, but it can turn without ${bound.counts}`);
  }
  for (const loop of loopsOf(walk, inner)) {
    const edges = edgesWithin(inner, loop);
    if (!edges.some(edge => isGuardedBy(edge, bound.guard))) continue;
    const reset = edges.find(edge => hasAction(edge, bound.resets));
    if (reset !== undefined) yield offenceOf(loop, `${reset.from} begins to count again while it turns`);
  }
  if (inner.some(edge => isGuardedBy(edge, bound.guard))) return;
  yield { state: '', what: `${bound.guard} is declared to bound a loop, but guards nothing` };
}

function isInner({ transition }: Edge): boolean {
  return transition.trigger.kind !== 'event';
}

function isGuardedBy({ transition }: Edge, guard: string): boolean {
  return transition.guard?.name === guard;
}

function edgesWithin(edges: readonly Edge[], loop: readonly string[]): readonly Edge[] {
  return edges.filter(({ from, to }) => loop.includes(from) && loop.includes(to));
}

function offenceOf(loop: readonly string[], what: string): Offence {
  return { state: loop[0] ?? '', what: `the loop ${loop.join(' → ')} ${what}` };
}

/** Groups of leaves that can reach each other over the edges. */
function loopsOf(walk: Walk, edges: readonly Edge[]): readonly (readonly string[])[] {
  const turning = turningEdges(edges);
  const passes = (edge: Edge): boolean => turning.has(edge);
  const leaves = walk.reachable.filter(leaf => walk.edges(leaf).some(passes));
  const after = new Map<string, ReadonlySet<string>>();
  for (const leaf of leaves) {
    const next = walk.edges(leaf).filter(passes);
    const starts = next.map(({ to }) => to);
    after.set(leaf, walk.reach(starts, passes));
  }
  const loops: string[][] = [];
  for (const leaf of leaves) {
    if (after.get(leaf)?.has(leaf) !== true || loops.some(loop => loop.includes(leaf))) continue;
    loops.push(leaves.filter(other => after.get(leaf)?.has(other) && after.get(other)?.has(leaf)));
  }
  return loops;
}

/** What is left of the edges when those are taken out, again and again, that nothing leads to or on from: none without a loop. */
function turningEdges(edges: readonly Edge[]): ReadonlySet<Edge> {
  let left = edges;
  for (;;) {
    const starts = new Set(left.map(({ from }) => from));
    const ends = new Set(left.map(({ to }) => to));
    const fewer = left.filter(({ from, to }) => ends.has(from) && starts.has(to));
    if (fewer.length === left.length) return new Set(left);
    left = fewer;
  }
}
