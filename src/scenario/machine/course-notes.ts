import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { MigrationContext, MigrationEvent, MigrationInput } from '../../../machines/uplink-migration-types.ts';
import type { OvsFacts } from '../../domain/ovs-facts.ts';
import { guardInspection } from '../../engine/guard-inspection.ts';
import { statePath } from '../../engine/migration/state-path.ts';
import { isChart } from './vocabulary.ts';

/** Something that came to the migration chart or to a chart below it: an event of the host, or the answer of an actor. */
export type CourseMove = { readonly event: MigrationEvent } | { readonly answered: string };

/** What was noted of the runs of the migration chart. */
export interface CourseNotes {
  /** Input of the first run. */
  readonly input: MigrationInput;
  /** By `actor state`, and by `actor` the first that it gave anywhere. */
  readonly answers: ReadonlyMap<string, unknown>;
  /** What came while the migration chart was in a state, in order. */
  readonly moves: ReadonlyMap<string, readonly CourseMove[]>;
  /** What Open vSwitch showed when the migration was committed: every row is there and in order. */
  readonly facts: OvsFacts;
}

/** Takes notes of what the migration chart, and the charts that it invokes, hear and are answered. */
export function createCourseNotes() {
  const answers = new Map<string, unknown>();
  const moves = new Map<string, CourseMove[]>();
  let input: MigrationInput | undefined;
  let facts: OvsFacts | undefined;
  let state = '';

  const noteState = (snapshot: unknown): void => {
    const { value, context } = snapshot as { readonly value: unknown; readonly context: MigrationContext };
    state = statePath(value);
    const { request, entry, plan, snapshot: before, maxAttempts } = context;
    input ??= { request, entry, plan, snapshot: before, maxAttempts };
    if (state === 'committed') facts ??= context.observed.ovs ?? undefined;
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
    else if (isRoot && isFromHost(event.event)) noteMove({ event: event.event });
  });
  const taken = (): CourseNotes => {
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

function isFromHost(event: { readonly type: string }): event is MigrationEvent {
  return event.type.startsWith('netlink.') || event.type.startsWith('ovsdb.');
}
