import type { WayBack } from '../declarations.ts';
import type { ChartTransition } from '../graph.ts';
import type { ChartRule, Subject } from '../rule.ts';
import { transitionText } from '../text.ts';
import { isWithin } from '../walk.ts';
import { inversesOf, stepsOn, wayBackFrom } from '../way-back.ts';

/** Whatever was begun is undone, last first. */
export const wayBackShort: ChartRule = {
  code: 'way-back-short',
  promise: 'every way back undoes every step that may have been begun, a half-done one too, in reverse order',
  *check(subject) {
    for (const { source, transition, wayBack, begun } of entriesToWayBack(subject)) {
      const steps = stepsOn(subject.walk, wayBack, targetOf(subject, transition));
      const inverses = inversesOf(wayBack, begun);
      const missing = inverses.filter(step => !steps.includes(step));
      const where = `\`${transitionText(transition)}\``;
      if (missing.length > 0) {
        const undone = wayBack.forwardSteps.filter(
          s => begun.has(s) && wayBack.inverses[s]?.some(i => missing.includes(i)),
        );
        yield {
          state: source,
          what: `${where} leaves ${undone.join(', ')} in place: it passes by ${missing.join(', ')}`,
        };
      } else if (steps.filter(step => inverses.includes(step)).join() !== inverses.join()) {
        yield {
          state: source,
          what: `${where} undoes in the order ${steps.join(', ')}; needed is ${inverses.join(', ')}`,
        };
      }
    }
  },
};

/** Nothing is undone that cannot have been begun. */
export const wayBackEarly: ChartRule = {
  code: 'way-back-early',
  promise: 'every way back begins exactly where the way forward may have stopped',
  *check(subject) {
    for (const { source, transition, wayBack, begun } of entriesToWayBack(subject)) {
      const first = stepsOn(subject.walk, wayBack, targetOf(subject, transition))[0];
      const inverses = inversesOf(wayBack, begun);
      if (first === undefined || inverses.includes(first)) continue;
      const what = `\`${transitionText(transition)}\` begins with ${first}: nothing of that was begun; ${inverses[0]} is where to begin`;
      yield { state: source, what };
    }
  },
};

/** The way back is one straight line. */
export const wayBackBroken: ChartRule = {
  code: 'way-back-broken',
  promise: 'every way back is one straight line that ends with its comparison and its closing',
  *check({ walk, declared: { wayBack } }) {
    if (wayBack === null) return;
    for (const leaf of walk.reachable.filter(path => isWithin(path, wayBack.part))) {
      const { leaves, endsAt } = wayBackFrom(walk, wayBack, leaf);
      if (endsAt !== wayBack.end) {
        yield { state: leaf, what: `the way back from here stops at ${endsAt}, not at ${wayBack.end}` };
        continue;
      }
      const actors = leaves.flatMap(path => walk.state(path).invokes.map(({ src }) => src));
      const isClosing = wayBack.closing.filter(actor => actors.includes(actor));
      const from = wayBack.closing.indexOf(isClosing[0] ?? '');
      const wanted = actors.includes(wayBack.rollbackActor)
        ? wayBack.closing
        : wayBack.closing.slice(Math.max(0, from));
      const last = actors.filter(actor => wayBack.closing.includes(actor ?? '')).join();
      const lastStep = actors.lastIndexOf(wayBack.rollbackActor);
      const isEarly = wayBack.closing.some(actor => actors.includes(actor) && actors.indexOf(actor) < lastStep);
      if (last === wanted.join() && !isEarly) continue;
      yield { state: leaf, what: `the way back from here does not end with ${wanted.join(', ')}` };
    }
  },
};

/** A failed way back strands, and nothing else ends it. */
export const wayBackFails: ChartRule = {
  code: 'way-back-fails',
  promise: 'every failure on the way back leads to the state that tries again, and nothing else leaves it',
  *check({ walk, declared: { wayBack } }) {
    if (wayBack === null) return;
    for (const leaf of walk.reachable.filter(path => isWithin(path, wayBack.part))) {
      for (const transition of walk.effective(leaf).filter(({ targets }) => targets.length > 0)) {
        const { kind } = transition.trigger;
        const isFailure = kind === 'error' || kind === 'after';
        const isFine = isFailure
          ? transition.targets.every(target => isWithin(target, wayBack.stranded))
          : kind === 'done' || kind === 'always';
        if (isFine) continue;
        const what = isFailure ? `must lead to ${wayBack.stranded}` : 'must not interrupt it';
        yield { state: leaf, what: `\`${transitionText(transition)}\` ${what}` };
      }
    }
  },
};

interface Entry {
  readonly source: string;
  readonly transition: ChartTransition;
  readonly wayBack: WayBack;
  /** What may have been begun in any of the states in which it can be taken. */
  readonly begun: ReadonlySet<string>;
}

function entriesToWayBack({ walk, declared, begun }: Subject): readonly Entry[] {
  const { wayBack } = declared;
  if (wayBack === null) return [];
  const entries = new Map<ChartTransition, Set<string>>();
  for (const leaf of walk.reachable.filter(path => !isWithin(path, wayBack.part))) {
    for (const { transition, to } of walk.edges(leaf)) {
      if (!isWithin(to, wayBack.part)) continue;
      const steps = entries.get(transition) ?? new Set();
      for (const step of begun.get(leaf) ?? []) steps.add(step);
      entries.set(transition, steps);
    }
  }
  return [...entries].map(([transition, steps]) => ({ source: transition.source, transition, wayBack, begun: steps }));
}

function targetOf({ walk }: Subject, { targets }: ChartTransition): string {
  return targets.flatMap(target => walk.entryLeaves(target))[0] ?? '';
}
