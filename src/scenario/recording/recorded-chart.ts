import type { AnyMachineSnapshot, AnyStateMachine, InspectionEvent } from 'xstate';
import { createActor, fromCallback } from 'xstate';
import type { Clock } from '../../engine/clock.ts';
import { guardInspection } from '../../engine/guard-inspection.ts';
import { annotatedMigration } from '../../engine/migration/actions.ts';
import { statePath } from '../../engine/migration/state-path.ts';
import { annotatedMove } from '../../engine/move/bind.ts';
import { provide } from '../../engine/provide.ts';
import type { Failure } from '../../errors.ts';
import { toFailure, toUplinkError } from '../../errors.ts';

const ANSWER = /^xstate\.(done|error)\.actor\.(.+)$/;
const DEADLINE = /^xstate\.after\.([^.]+)\./;

/** Time in which nothing falls due: deadlines pass where the recording says so. */
const STANDING_CLOCK: Clock = { now: () => 0, wallTime: () => 0, setTimeout: () => 0, clearTimeout: () => undefined };

/** What an event of a recording is to today's chart. */
export type Hearing =
  | { readonly kind: 'heard' }
  /** The chart knows it, but not in the state where it is: nothing becomes of it there. */
  | { readonly kind: 'not-awaited'; readonly why: string }
  /** The chart has nothing of that name. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Today's chart, fed with what was recorded: its actors never answer and its deadlines never pass by themselves. */
export interface RecordedChart {
  /** Where it is. */
  state(): string;
  /** States that were entered since the last call, in order. */
  takeEntered(): readonly string[];
  /** Why the chart itself failed, which is a defect; null while it lives. */
  defect(): Failure | null;
  /** Why the run failed; null while nothing did. */
  failure(): Failure | null;
  hearing(event: RecordedEvent): Hearing;
  send(event: RecordedEvent): void;
  stop(): void;
}

export type RecordedEvent = { readonly type: string; readonly [key: string]: unknown };

/** Name of the invoked actor that an event is the answer of, of the deadline that it tells; else null. */
export interface EventMeaning {
  readonly answerOf: string | null;
  readonly deadline: string | null;
}

/** Says what an event is about, in the words of the chart. */
export function meaningOf({ type }: RecordedEvent): EventMeaning {
  const id = ANSWER.exec(type)?.[2];
  const known = Object.values(PLAYED).find(({ actors }) => id !== undefined && actors.has(id));
  return {
    answerOf: id === undefined ? null : (known?.actors.get(id) ?? id),
    deadline: DEADLINE.exec(type)?.[1] ?? null,
  };
}

/** Charts that the flight recorder records. */
export type RecordedMachine = 'uplink-migration' | 'link-move';

/** True for the id of such a chart. */
export function isRecordedMachine(id: string): id is RecordedMachine {
  return Object.hasOwn(PLAYED, id);
}

/** Starts a chart on its recorded input; `inspect` sees what it does. */
export function startRecordedChart(
  id: RecordedMachine,
  input: Readonly<Record<string, unknown>>,
  inspect?: ((event: InspectionEvent) => void) | undefined,
): RecordedChart {
  const entered: string[] = [];
  let state: string | null = null;
  let defect: Failure | null = null;
  const { machine } = PLAYED[id];
  const options = { input, clock: STANDING_CLOCK };
  const actor = createActor(
    machine,
    inspect === undefined ? options : { ...options, inspect: guardInspection(inspect) },
  );
  actor.subscribe({
    next: snapshot => {
      const path = statePath(snapshot.value);
      if (path !== state) entered.push(path);
      state = path;
    },
    error: error => {
      defect = toFailure(error);
    },
    complete: () => undefined,
  });
  actor.start();
  return {
    state: () => state ?? '',
    takeEntered: () => entered.splice(0),
    defect: () => defect,
    failure: () => actor.getSnapshot().context?.failure ?? null,
    hearing: event => hearingOf(PLAYED[id], event, actor.getSnapshot()),
    send: event => actor.send(revived(event) as never),
    stop: () => {
      actor.stop();
    },
  };
}

/** As the chart got it: an answer knows its actor, and an error is one. */
function revived(event: RecordedEvent): RecordedEvent {
  const [, kind, id] = ANSWER.exec(event.type) ?? [];
  if (kind === undefined) return event;
  if (kind === 'done') return { ...event, actorId: id };
  return { ...event, actorId: id, error: toUplinkError(event['error'] as Failure) };
}

function hearingOf({ events, actors }: Played, event: RecordedEvent, snapshot: AnyMachineSnapshot): Hearing {
  const { answerOf, deadline } = meaningOf(event);
  const [, , id] = ANSWER.exec(event.type) ?? [];
  if (id !== undefined) {
    if (!actors.has(id)) return { kind: 'unknown', why: `no actor ${id} in today's chart` };
    if (id in snapshot.children) return { kind: 'heard' };
    return { kind: 'not-awaited', why: `today's chart does not wait for ${answerOf} there` };
  }
  if (!events.has(event.type)) {
    return {
      kind: 'unknown',
      why: `no ${deadline === null ? `event ${event.type}` : 'such deadline'} in today's chart`,
    };
  }
  if (deadline === null) return { kind: 'heard' };
  const isRunning = snapshot._nodes.some(node => node.after.some(({ eventType }) => eventType === event.type));
  return isRunning
    ? { kind: 'heard' }
    : { kind: 'not-awaited', why: `${deadline} does not run there in today's chart` };
}

/** A chart that is recorded, with what it knows. */
interface Played {
  /** With its guards and notes as in every run; what it invokes waits for ever. */
  readonly machine: AnyStateMachine;
  readonly events: ReadonlySet<string>;
  /** Name of each invoked actor by the id of its invocation. */
  readonly actors: ReadonlyMap<string, string>;
}

const PLAYED: Readonly<Record<RecordedMachine, Played>> = {
  'uplink-migration': played(annotatedMigration),
  'link-move': played(annotatedMove),
};

function played(machine: AnyStateMachine): Played {
  const { actors, delays } = machine.implementations;
  return {
    machine: provide(machine, {
      actors: Object.fromEntries(Object.keys(actors).map(name => [name, fromCallback(() => undefined)])) as never,
      delays: Object.fromEntries(Object.keys(delays).map(name => [name, 1])) as never,
    }),
    events: new Set<string>(machine.events),
    actors: invocations(machine),
  };
}

function invocations(machine: AnyStateMachine): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (node: AnyStateMachine['root']): void => {
    for (const { id, src } of node.invoke) found.set(id, String(src));
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  return found;
}
