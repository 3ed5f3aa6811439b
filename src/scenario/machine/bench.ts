import type { AnyActorRef, InspectionEvent } from 'xstate';
import { createActor } from 'xstate';
import { guardInspection } from '../../engine/guard-inspection.ts';
import { statePath } from '../../engine/migration/state-path.ts';
import type { Untimed } from '../../engine/run.ts';
import type { Failure } from '../../errors.ts';
import { describeFailure, toUplinkError } from '../../errors.ts';
import { createVirtualClock } from '../../host/simulated/virtual-clock.ts';
import type { ReplayOptions, TimelineEntry } from '../result.ts';
import type { Answer, MachineScenario } from '../scenario.ts';
import type { ChartStart } from './bind-scripted.ts';
import { bindScripted } from './bind-scripted.ts';
import { isMapping } from './complete.ts';
import { describeAsked, describeEvent } from './describe-event.ts';
import { drain } from './drain.ts';
import type { MachineEvent, Told } from './told.ts';
import { eventTypesOf } from './vocabulary.ts';

/** Questions of one chart after which it goes round in circles; without an end it would keep everything else from ever running. */
const MAX_QUESTIONS = 1_000;

/** A question of the chart that nobody has answered yet. */
interface Waiting {
  readonly actor: string;
  readonly text: string;
  /** Where the chart stood when it asked. */
  readonly state: string;
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/** One chart on its own, in virtual time, with the actors that it invokes in the scenario's hands. */
export interface Bench {
  readonly timeline: readonly TimelineEntry[];
  state(): string;
  context(): unknown;
  /** Has come to its end, or thrown, or stands where the replay was to stop. */
  isOver(): boolean;
  /** It stands where the replay was to stop. */
  isStopped(): boolean;
  /** What the chart threw; undefined when it did not. */
  thrown(): unknown;
  /** Names of the actors that wait for an answer, in the order in which they were asked. */
  waiting(): readonly string[];
  /** As {@link waiting}, and what they were asked. */
  questions(): readonly string[];
  send(event: MachineEvent): Promise<void>;
  /** Answers the actor that waits; false when none of that name does. */
  answer(actor: string, answer: Answer): Promise<boolean>;
  /** Lets time go on until `condition` holds, for so long at most; true when it does. */
  runUntil(condition: () => boolean, limitMs: number): Promise<boolean>;
  /** Virtual ms since the start. */
  now(): number;
  /** Transitions, events and questions so far. */
  steps(): number;
  stop(): void;
}

export interface BenchOptions {
  readonly scenario: Pick<MachineScenario, 'machine' | 'answers'>;
  readonly start: ChartStart;
  readonly told: Told;
  readonly untilState: string | undefined;
  readonly onEntry: (entry: TimelineEntry) => void;
  readonly inspect: ReplayOptions['inspect'];
}

/** Starts the chart. */
export async function startBench(options: BenchOptions): Promise<Bench> {
  const { scenario, start, told, untilState, onEntry } = options;
  const clock = createVirtualClock();
  const timeline: TimelineEntry[] = [];
  const waiting: Waiting[] = [];
  const external = new Set(eventTypesOf(scenario.machine));
  const toldFailures = new Set<unknown>();
  let state = '';
  let steps = 0;
  let questions = 0;
  let isIgnored = false;
  let isStopped = false;
  let thrown: { readonly error: unknown } | undefined;

  const push = (entry: Untimed<TimelineEntry>): void => {
    if (isStopped) return;
    const made = { atMs: clock.now(), ...entry } as TimelineEntry;
    timeline.push(made);
    onEntry(made);
  };

  const settle = (asked: Waiting, answer: Answer): void => {
    if ('error' in answer) {
      push({ type: 'event', text: `${asked.text} fails: ${describeFailure(answer.error)}` });
      asked.reject(toUplinkError(answer.error));
      return;
    }
    push({ type: 'event', text: `${asked.text} is done${describeOutput(answer.output)}` });
    asked.resolve(told.answer(asked.actor, asked.state, answer.output));
  };
  const ask = (actor: string, input: unknown, signal: AbortSignal): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const asked: Waiting = { actor, text: describeAsked(actor, input), state, resolve, reject };
      steps += 1;
      questions += 1;
      if (questions > MAX_QUESTIONS) {
        thrown ??= { error: new RangeError(`goes round in circles: ${asked.text}`) };
        return;
      }
      push({ type: 'operation', text: asked.text });
      const given = scenario.answers[actor];
      if (given !== undefined) {
        settle(asked, given);
        return;
      }
      waiting.push(asked);
      signal.addEventListener('abort', () => forget(asked), { once: true });
    });
  const forget = (asked: Waiting): boolean => {
    const at = waiting.indexOf(asked);
    if (at >= 0) waiting.splice(at, 1);
    return at >= 0;
  };

  const noteState = (value: unknown): void => {
    const path = statePath(value);
    if (path === state) return;
    state = path;
    push({ type: 'state', state });
    if (untilState !== undefined && isIn(state, untilState)) isStopped = true;
  };
  const noteFailures = (context: unknown): void => {
    if (!isMapping(context)) return;
    for (const failure of [context['failure'], context['stranding'], context['unguarded']]) {
      if (!isMapping(failure) || toldFailures.has(failure)) continue;
      toldFailures.add(failure);
      push({ type: 'failure', code: String(failure['code']), text: describeFailure(failure as unknown as Failure) });
    }
  };
  const noteEvent = (event: MachineEvent, isRoot: boolean): void => {
    const deadline = /^xstate\.after\.([^.]+)\./.exec(event.type)?.[1];
    if (deadline !== undefined) push({ type: 'happening', text: `${deadline} has passed` });
    else if (isRoot && external.has(event.type)) {
      steps += 1;
      push({ type: 'event', text: `${describeEvent(event)}${isIgnored ? ', which nothing here takes' : ''}` });
    }
  };
  const childStates = new Map<string, string>();
  const noteChild = ({ sessionId, id }: AnyActorRef, value: unknown): void => {
    const path = statePath(value);
    if (path === '' || childStates.get(sessionId) === path) return;
    childStates.set(sessionId, path);
    push({ type: 'observed', text: `${id}: ${path}` });
  };
  const inspect = guardInspection((event: InspectionEvent) => {
    options.inspect?.(event, clock.now());
    const ref = event.actorRef as AnyActorRef;
    const isRoot = ref.sessionId === event.rootId;
    if (event.type === '@xstate.event') {
      // The state in which a chart begins is told by no microstep.
      if (!isRoot && event.event.type === 'xstate.init') noteChild(ref, ref.getSnapshot()?.value);
      noteEvent(event.event as MachineEvent, isRoot);
    }
    if (event.type !== '@xstate.microstep') return;
    const { value, context, status } = event.snapshot as {
      readonly value?: unknown;
      readonly context?: unknown;
      readonly status: string;
    };
    if (!isRoot) return noteChild(ref, value);
    steps += 1;
    noteState(value);
    noteFailures(context);
    if (status === 'done') push({ type: 'end', text: state });
  });

  const actor = createActor(bindScripted(start, clock, ask), { clock, inspect, input: start.input });
  actor.subscribe({
    error: error => {
      thrown = { error };
    },
  });
  const bench: Bench = {
    timeline,
    state: () => state,
    context: () => (actor.getSnapshot() as { readonly context: unknown }).context,
    isOver: () => isStopped || actor.getSnapshot().status !== 'active',
    isStopped: () => isStopped,
    thrown: () => thrown?.error,
    waiting: () => waiting.map(asked => asked.actor),
    questions: () => waiting.map(asked => asked.text),
    async send(event) {
      const complete = told.event(event);
      isIgnored = !(actor.getSnapshot() as { can(event: MachineEvent): boolean }).can(complete);
      actor.send(complete);
      await drain();
    },
    async answer(name, answer) {
      const asked = waiting.find(one => one.actor === name);
      if (asked === undefined) return false;
      forget(asked);
      settle(asked, answer);
      await drain();
      return true;
    },
    async runUntil(condition, limitMs) {
      let isLate = false;
      const limit = clock.setTimeout(() => {
        isLate = true;
      }, limitMs);
      while (!condition() && !isLate && !bench.isOver()) {
        clock.runNext();
        await drain();
      }
      clock.clearTimeout(limit);
      return condition();
    },
    now: () => clock.now(),
    steps: () => steps,
    stop: () => actor.stop(),
  };
  noteState(actor.getSnapshot().value);
  actor.start();
  await drain();
  return bench;
}

/** A state, or one below it. */
export function isIn(state: string, named: string): boolean {
  return state === named || state.startsWith(`${named}.`);
}

function describeOutput(output: unknown): string {
  const text = JSON.stringify(output ?? null);
  return text === 'null' || text === '{}' ? '' : ` ${text}`;
}
