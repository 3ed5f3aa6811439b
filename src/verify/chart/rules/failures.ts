import type { FailureKind } from '../declarations.ts';
import { ofInnermost } from '../declarations.ts';
import { answersTo, isSetOffBy } from '../failure-transitions.ts';
import type { ChartTransition } from '../graph.ts';
import type { ChartRule, Offence, Subject } from '../rule.ts';
import { transitionText } from '../text.ts';
import { isWithin } from '../walk.ts';

/** Each failure is answered by one transition. */
export const failureUnanswered: ChartRule = {
  code: 'failure-unanswered',
  promise:
    'every failure that can happen in a state is answered there, by one transition of its own or of a state around it',
  *check(subject) {
    for (const failure of subject.declared.failures) {
      for (const leaf of demandedIn(subject, failure)) {
        if (answersTo(subject, failure, leaf).length > 0) continue;
        yield { state: leaf, what: `has no answer to: ${failure.name}`, about: failure.name };
      }
    }
  },
};

/** The answer leads where it must. */
export const failureMisled: ChartRule = {
  code: 'failure-misled',
  promise: 'every answer to a failure leads into the way back once a change may have begun, and out before',
  *check(subject) {
    for (const failure of subject.declared.failures) {
      for (const leaf of subject.work) {
        const where = whereTo(subject, failure, leaf);
        if (where === null) continue;
        for (const answer of answersTo(subject, failure, leaf)) {
          if (answer.targets.every(target => where.some(part => isWithin(target, part)))) continue;
          const what = `answers ${failure.name} with \`${transitionText(answer)}\`, which must lead to ${where.join(' or ')}`;
          yield { state: leaf, what, about: failure.name };
        }
      }
    }
    yield* checkOthers(subject);
  },
};

/** Whatever else sets it off: no run ends, and none gives up, with a change in place. */
function* checkOthers({ walk, declared, begun, work }: Subject): Iterable<Offence> {
  const { wayBack, failures, goals, pauses } = declared;
  if (wayBack === null) return;
  const gaveUp = Object.values(wayBack.giveUp);
  for (const leaf of work.filter(path => (begun.get(path)?.size ?? 0) > 0)) {
    for (const { transition, to } of walk.edges(leaf)) {
      if (failures.some(failure => isSetOffBy(failure, transition, pauses))) continue;
      const isEnd = walk.isTerminal(to) && to !== ofInnermost(goals, leaf);
      if (!isEnd && !gaveUp.some(part => isWithin(to, part))) continue;
      yield { state: leaf, what: `\`${transitionText(transition)}\` leaves a change in place` };
    }
  }
}

/** People are told why. */
export const reasonUnrecorded: ChartRule = {
  code: 'reason-unrecorded',
  promise: 'every failure is recorded by the transition that answers it',
  *check({ walk, declared }) {
    const { recordsInstead, failures, pauses } = declared;
    for (const { path, transitions } of walk.graph.states.values()) {
      for (const transition of transitions.filter(({ targets }) => targets.length > 0)) {
        const kinds = failures.filter(kind => isSetOffBy(kind, transition, pauses));
        for (const { name, on, records } of kinds) {
          const instead = on.kind === 'event' ? undefined : ofInnermost(recordsInstead, path);
          const wanted = instead === undefined ? records : instead === null ? [] : [instead];
          if (wanted.length === 0 || hasAction(transition, wanted)) continue;
          yield { state: path, what: `\`${transitionText(transition)}\` does not ${wanted.join(' or ')}`, about: name };
        }
      }
    }
  },
};

/** A no is heard. */
export const verdictIgnored: ChartRule = {
  code: 'verdict-ignored',
  promise: 'where an actor may answer no, the chart asks for it before it goes on',
  *check({ walk, declared }) {
    for (const { path, invokes, transitions } of walk.graph.states.values()) {
      for (const { id, src } of invokes) {
        const answers = transitions.filter(({ trigger }) => trigger.kind === 'done' && trigger.invokeId === id);
        for (const guard of declared.verdicts[src ?? ''] ?? []) {
          if (answers.some(answer => answer.guard?.name === guard)) continue;
          yield { state: path, what: `goes on after ${src ?? id} without asking ${guard}` };
        }
      }
    }
  },
};

/** That there is an answer to errors and deadlines is for other rules. */
function demandedIn({ work, begun }: Subject, { on, within, alsoIn = [] }: FailureKind): readonly string[] {
  if (on.kind !== 'event') return [];
  return work.filter(leaf => {
    if (within === 'work' || alsoIn.some(part => isWithin(leaf, part))) return true;
    return within === 'begun' && (begun.get(leaf)?.size ?? 0) > 0;
  });
}

/** Null: anywhere. */
function whereTo({ declared, begun }: Subject, failure: FailureKind, leaf: string): readonly string[] | null {
  const { wayBack } = declared;
  if (wayBack === null) return failure.leadsTo.length === 0 ? null : failure.leadsTo;
  if ((begun.get(leaf)?.size ?? 0) > 0) return [wayBack.part];
  const giveUp = ofInnermost(wayBack.giveUp, leaf);
  return giveUp === undefined ? null : [giveUp];
}

function hasAction(transition: ChartTransition, names: readonly string[]): boolean {
  return transition.actions.some(({ name }) => name !== null && names.includes(name));
}
