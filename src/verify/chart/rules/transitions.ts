import type { ChartTransition } from '../graph.ts';
import type { ChartRule } from '../rule.ts';
import { transitionText } from '../text.ts';
import { isWithin, TERMINAL_TAG } from '../walk.ts';

/** A bare wildcard would swallow the errors of actors, too. */
export const wildcardBare: ChartRule = {
  code: 'wildcard-bare',
  promise: 'no state takes every event: that would swallow the errors of its actors',
  *check({ walk }) {
    for (const { path, transitions } of walk.graph.states.values()) {
      if (!transitions.some(({ trigger }) => trigger.kind === 'event' && trigger.event === '*')) continue;
      yield { state: path, what: "takes '*'" };
    }
  },
};

/** Each transition has its moment. */
export const transitionShadowed: ChartRule = {
  code: 'transition-shadowed',
  promise: 'every transition can be taken in some state',
  *check({ walk }) {
    const taken = new Set<ChartTransition>(walk.reachable.flatMap(leaf => walk.effective(leaf)));
    for (const { path, transitions } of walk.graph.states.values()) {
      // A state that cannot be reached has an offence of its own.
      if (!walk.reachable.some(leaf => isWithin(leaf, path))) continue;
      for (const transition of transitions) {
        if (taken.has(transition)) continue;
        yield { state: path, what: `\`${transitionText(transition)}\` is never taken: an earlier one always is` };
      }
    }
  },
};

/** The end is the end. */
export const endOpen: ChartRule = {
  code: 'end-open',
  promise: 'a state in which a run ends is left only by events that are declared, and by each of those',
  *check({ walk, declared }) {
    for (const leaf of walk.reachable.filter(path => walk.isTerminal(path))) {
      const wanted = declared.terminalEvents[leaf] ?? {};
      const leaving = walk.effective(leaf).filter(({ targets }) => targets.length > 0);
      const answers = (event: string) =>
        leaving.filter(({ trigger, guard }) => trigger.kind === 'event' && trigger.event === event && guard === null);
      const meant = new Set(Object.keys(wanted).flatMap(answers));
      for (const transition of leaving.filter(other => !meant.has(other))) {
        yield { state: leaf, what: `a run ends here, but \`${transitionText(transition)}\` leads on` };
      }
      for (const [event, action] of Object.entries(wanted)) {
        const [answer] = answers(event);
        if (answer?.actions.some(({ name }) => name === action)) continue;
        yield { state: leaf, what: `${event} must lead on from here, with ${action}` };
      }
      if (walk.state(leaf).invokes.length > 0) yield { state: leaf, what: 'a run ends here, but an actor works on' };
    }
    for (const path of Object.keys(declared.terminalEvents)) {
      if (walk.graph.states.has(path) && walk.isTerminal(path)) continue;
      yield { state: path, what: 'events are declared to lead on from here, but no run ends here' };
    }
  },
};

/** Whoever follows a run knows its end by the tag. */
export const endUntagged: ChartRule = {
  code: 'end-untagged',
  promise: 'where a chart tags its ends, it tags all of them',
  *check({ walk }) {
    const isTagged = (path: string): boolean => walk.state(path).tags.includes(TERMINAL_TAG);
    if (!walk.reachable.some(isTagged)) return;
    for (const leaf of walk.reachable.filter(path => walk.state(path).kind === 'final' && !isTagged(path))) {
      yield { state: leaf, what: `is final, but not tagged ${TERMINAL_TAG}` };
    }
  },
};
