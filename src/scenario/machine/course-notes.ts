import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { MigrationEvent, MigrationInput } from '../../../machines/uplink-migration-types.ts';
import type { OvsFacts } from '../../domain/ovs-facts.ts';
import { guardInspection } from '../../engine/guard-inspection.ts';
import { statePath } from '../../engine/migration/state-path.ts';
import { isChart } from './vocabulary.ts';

/** Something that came to the chart or to a chart below it: an event of the host or of who asks for the way back, or the answer of an actor. */
export type CourseMove = { readonly event: CourseEvent } | { readonly answered: string };

export type CourseEvent = MigrationEvent | { readonly type: 'RETURN' };

/** What was noted of the runs of one chart. */
export interface CourseNotes<I = MigrationInput> {
  /** Input of the first run. */
  readonly input: I;
  /** By `actor state`, and by `actor` the first that it gave anywhere. */
  readonly answers: ReadonlyMap<string, unknown>;
  /** What came while the chart was in a state, in order. */
  readonly moves: ReadonlyMap<string, readonly CourseMove[]>;
  /** What Open vSwitch showed when the migration was committed: every row is there and in order. */
  readonly facts: OvsFacts;
}

/** What notes of a chart are taken from: its context. */
export interface CourseReader<I> {
  inputOf(context: unknown): I;
  /** What Open vSwitch shows, once it shows all; undefined before. */
  factsOf(context: unknown, state: string): OvsFacts | undefined;
}

/** Takes notes of what a chart, and the charts that it invokes, hear and are answered. */
export function createCourseNotes<I>({ inputOf, factsOf }: CourseReader<I>) {
  const answers = new Map<string, unknown>();
  const moves = new Map<string, CourseMove[]>();
  let input: I | undefined;
  let facts: OvsFacts | undefined;
  let state = '';

  const noteState = (snapshot: unknown): void => {
    const { value, context } = snapshot as { readonly value: unknown; readonly context: unknown };
    state = statePath(value);
    input ??= inputOf(context);
    facts ??= factsOf(context, state);
  };
  const noteMove = (move: CourseMove): void => {
    moves.set(state, [...(moves.get(state) ?? []), move]);
  };
  const noteAnswer = (actor: string, output: unknown): void => {
    noteMove({ answered: actor });
    answers.set(`${actor} ${state}`, output);
    if (!answers.has(actor)) answers.set(actor, output);
  };
  const inspect = guardInspection((event: InspectionEvent) => {
    const isRoot = (event.actorRef as AnyActorRef).sessionId === event.rootId;
    if (event.type === '@xstate.microstep' && isRoot) noteState(event.snapshot);
    if (event.type !== '@xstate.event') return;
    const answering = answererOf(event);
    if (answering !== undefined) noteAnswer(answering.actor, answering.output);
    else if (isRoot && isFromOutside(event.event)) noteMove({ event: event.event });
  });
  const taken = (): CourseNotes<I> => {
    if (input === undefined) throw new RangeError('the chart was never started');
    return { input, answers, moves, facts: facts ?? { system: null, bridge: null, hostPort: null, uplink: null } };
  };
  return { inspect, taken };
}

/** The actor that has just answered, unless it is a chart. */
function answererOf(
  event: Extract<InspectionEvent, { type: '@xstate.event' }>,
): { readonly actor: string; readonly output: unknown } | undefined {
  if (!event.event.type.startsWith('xstate.done.actor.')) return undefined;
  const source = event.sourceRef as (AnyActorRef & { readonly src?: unknown; readonly logic?: unknown }) | undefined;
  if (typeof source?.src !== 'string' || isChart(source.logic)) return undefined;
  return { actor: source.src, output: (event.event as { readonly output?: unknown }).output };
}

function isFromOutside(event: { readonly type: string }): event is CourseEvent {
  return event.type.startsWith('netlink.') || event.type.startsWith('ovsdb.') || event.type === 'RETURN';
}
