import type { AnyStateMachine } from 'xstate';
import type { ChartTransition } from '../graph.ts';
import { readChart } from '../graph.ts';
import type { ChartRule, Subject } from '../rule.ts';
import { transitionText } from '../text.ts';
import { createWalk, isWithin } from '../walk.ts';

/** Guards judge by what was noted. */
export const eventUnnoted: ChartRule = {
  code: 'event-unnoted',
  promise: 'what events tell of the host is noted in every state that works',
  *check({ walk, declared }) {
    for (const leaf of walk.reachable.filter(path => !walk.isTransient(path) && !walk.isTerminal(path))) {
      for (const [event, action] of Object.entries(declared.noted)) {
        if (!isDoneForEach(walk.candidatesFor(leaf, event), [action])) {
          yield { state: leaf, what: `${event} can pass without ${action}`, about: event };
        }
        const away = walk.candidatesFor(leaf, event).filter(({ targets }) => targets.length > 0);
        for (const transition of away.filter(other => !acts(other, [action]))) {
          yield {
            state: leaf,
            what: `\`${transitionText(transition)}\` goes on without ${action}`,
            about: `leaving on ${event}`,
          };
        }
      }
    }
  },
};

/** What was found out is not lost. */
export const resultDropped: ChartRule = {
  code: 'result-dropped',
  promise: 'what an actor tells when it ends is noted, whatever follows',
  *check({ walk, declared }) {
    for (const { path, transitions } of walk.graph.states.values()) {
      for (const transition of transitions) {
        const action = transition.trigger.kind === 'done' ? declared.results[transition.trigger.actor] : undefined;
        if (action === undefined || acts(transition, [action])) continue;
        yield { state: path, what: `\`${transitionText(transition)}\` goes on without ${action}` };
      }
    }
  },
};

/** An invoked chart hears only what its parent passes on. */
export const childUnheard: ChartRule = {
  code: 'child-unheard',
  promise: 'every event that an invoked chart waits for is passed on to it',
  *check(subject) {
    const { walk, chart } = subject;
    for (const { path, invokes } of walk.graph.states.values()) {
      for (const { id, src } of invokes) {
        const child = src === null ? undefined : childChart(chart.machine, src);
        if (child === undefined) continue;
        const leaves = walk.reachable.filter(leaf => isWithin(leaf, path) && !walk.isTransient(leaf));
        for (const leaf of leaves) yield* checkLeaf(subject, leaf, id, child);
      }
    }
  },
};

function* checkLeaf({ walk, declared }: Subject, leaf: string, id: string, child: AnyStateMachine) {
  const forwarders = Object.keys(declared.forwarders).filter(action => declared.forwarders[action] === id);
  for (const event of eventsOf(child)) {
    if (isDoneForEach(walk.candidatesFor(leaf, event), forwarders)) continue;
    yield { state: leaf, what: `${event} can pass without ${child.id} hearing of it`, about: event };
  }
}

/** Whatever candidate is taken: it leads away, or does one of the actions. */
function isDoneForEach(candidates: readonly ChartTransition[], actions: readonly string[]): boolean {
  const staying = candidates.filter(({ targets }) => targets.length === 0);
  return candidates.some(({ guard }) => guard === null) && staying.every(transition => acts(transition, actions));
}

function acts(transition: ChartTransition, actions: readonly string[]): boolean {
  return transition.actions.some(({ name }) => name !== null && actions.includes(name));
}

function childChart(machine: AnyStateMachine, src: string): AnyStateMachine | undefined {
  const actor: unknown = machine.implementations.actors[src];
  const isChart = typeof actor === 'object' && actor !== null && 'root' in actor && 'implementations' in actor;
  return isChart ? (actor as AnyStateMachine) : undefined;
}

function eventsOf(child: AnyStateMachine): ReadonlySet<string> {
  const walk = createWalk(readChart(child));
  const heard = walk.reachable.flatMap(leaf => walk.effective(leaf)).map(({ trigger }) => trigger);
  return new Set(heard.flatMap(trigger => (trigger.kind === 'event' ? [trigger.event] : [])));
}
