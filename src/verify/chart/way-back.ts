import { stepOf } from './begun.ts';
import type { WayBack } from './declarations.ts';
import type { Walk } from './walk.ts';
import { isWithin } from './walk.ts';

/** The states of the way back from one of them on, as each leads to the next when all goes well, and where that ends. */
export function wayBackFrom(
  walk: Walk,
  wayBack: WayBack,
  from: string,
): { readonly leaves: readonly string[]; readonly endsAt: string } {
  const leaves: string[] = [];
  let here = from;
  while (isWithin(here, wayBack.part) && !leaves.includes(here)) {
    leaves.push(here);
    const onwards = walk.edges(here).filter(({ transition }) => transition.trigger.kind === 'done');
    if (onwards.length !== 1 || onwards[0]!.transition.guard !== null) return { leaves, endsAt: here };
    here = onwards[0]!.to;
  }
  return { leaves, endsAt: here };
}

/** The rollback steps of a way back, in order. */
export function stepsOn(walk: Walk, wayBack: WayBack, from: string): readonly string[] {
  const { leaves } = wayBackFrom(walk, wayBack, from);
  const steps = leaves.flatMap(leaf => walk.state(leaf).invokes.map(invoke => stepOf(invoke, wayBack.rollbackActor)));
  return steps.filter(step => step !== null);
}

/** The rollback steps that undo what was begun: last step first; one that undoes several comes when the first of them is undone. */
export function inversesOf(wayBack: WayBack, begun: ReadonlySet<string>): readonly string[] {
  const latestFirst = wayBack.forwardSteps.filter(step => begun.has(step)).reverse();
  const inverses = latestFirst.flatMap(step => wayBack.inverses[step] ?? []);
  return inverses.filter((step, at) => !inverses.includes(step, at + 1));
}
