import type { ChartDeclarations } from './declarations.ts';
import type { ChartInvoke } from './graph.ts';
import type { Walk } from './walk.ts';
import { isWithin } from './walk.ts';

/** The step that an invoked actor is told to carry out, when it is that actor. */
export function stepOf(invoke: ChartInvoke, actor: string): string | null {
  if (invoke.src !== actor) return null;
  const { input } = invoke;
  if (typeof input !== 'object' || input === null || !('step' in input)) return null;
  return String(input.step);
}

/** The forward step that a leaf carries out. */
export function forwardStepOf(walk: Walk, declared: ChartDeclarations, leaf: string): string | null {
  const actor = declared.wayBack?.forwardActor;
  if (actor === undefined) return null;
  const steps = walk.lineage(leaf).flatMap(({ invokes }) => invokes.map(invoke => stepOf(invoke, actor)));
  return steps.find(step => step !== null) ?? null;
}

/**
 * For each leaf the forward steps that may have been begun, on any path to it: the one that it carries out counts, since it may be half
 * done. Whoever takes a run over from another process inherits every step.
 */
export function begunSteps(walk: Walk, declared: ChartDeclarations): ReadonlyMap<string, ReadonlySet<string>> {
  const begun = new Map<string, Set<string>>(walk.reachable.map(leaf => [leaf, new Set()]));
  const { wayBack, resume } = declared;
  if (wayBack === null) return begun;
  const queue = new Set(walk.reachable);
  for (const leaf of queue) {
    queue.delete(leaf);
    const here = begun.get(leaf)!;
    const own = forwardStepOf(walk, declared, leaf);
    if (own !== null) here.add(own);
    for (const { to, transition } of walk.edges(leaf)) {
      const { trigger } = transition;
      const inherits = trigger.kind === 'done' && trigger.actor === resume?.inheritsBy;
      const there = begun.get(to)!;
      const before = there.size;
      for (const step of inherits ? wayBack.forwardSteps : here) there.add(step);
      if (there.size > before) queue.add(to);
    }
  }
  return begun;
}

/** Leaves of the way forward that the chart can rest in: neither a decision, nor an end, nor part of the way back or of giving up. */
export function workLeaves(walk: Walk, { wayBack }: ChartDeclarations): readonly string[] {
  const others = wayBack === null ? [] : [wayBack.part, wayBack.stranded, ...Object.values(wayBack.giveUp)];
  return walk.reachable.filter(
    leaf => !walk.isTransient(leaf) && !walk.isTerminal(leaf) && !others.some(part => isWithin(leaf, part)),
  );
}
