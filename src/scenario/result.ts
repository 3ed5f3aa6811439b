import type { InspectionEvent } from 'xstate';
import type { World } from '../host/simulated/world.ts';
import type { Place, RecordedChild, Scenario } from './scenario.ts';

/** One line of the time line of a replay; plain JSON. `atMs` is virtual time, or on the lab the time since the run began. */
export type TimelineEntry = { readonly atMs: number } & (
  | { readonly type: 'run'; readonly text: string }
  | { readonly type: 'state'; readonly state: string }
  | { readonly type: 'event'; readonly text: string }
  | { readonly type: 'operation'; readonly text: string }
  | { readonly type: 'effect'; readonly op: string; readonly text: string; readonly failure: string | null }
  | { readonly type: 'observed'; readonly text: string }
  | { readonly type: 'finding'; readonly text: string }
  | { readonly type: 'failure'; readonly code: string; readonly text: string }
  /** Something of the scenario's own: a fault, an actor. */
  | { readonly type: 'happening'; readonly text: string }
  | { readonly type: 'end'; readonly text: string }
);

/** Something that is not as the scenario expects. */
export interface Mismatch {
  /** Of what expected it. */
  readonly place: Place;
  /** `the result of run 1`, `host.links.eth0.altnames`, `never state stranded`, `I7 altnames of eth0`. */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** Index into the time line where it showed; null for the end. */
  readonly at: number | null;
}

/** What became of one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  /** Empty when it went as expected. */
  readonly mismatches: readonly Mismatch[];
  readonly timeline: readonly TimelineEntry[];
  /** SHA-256 over the time line: the same for the same scenario and seed. */
  readonly trace: string;
  /** Transitions, operations and events that were carried out. */
  readonly steps: number;
  readonly virtualMs: number;
  /** Wall-clock ms that the replay took. */
  readonly tookMs: number;
  /** Why it was not run, on the lab; null when it was. */
  readonly skipped: string | null;
}

/** How to replay. */
export interface ReplayOptions {
  /** Stops when this state is entered; nothing is expected of what would come after. */
  readonly untilState?: string;
  readonly signal?: AbortSignal;
  readonly onEntry?: (entry: TimelineEntry) => void;
  /** Sees what every chart does, at its virtual time. It must not throw. */
  readonly inspect?: (event: InspectionEvent, nowMs: number) => void;
  /** Called where a recording says in what state a chart was that its chart invokes. */
  readonly onChild?: (child: RecordedChild, nowMs: number) => void;
  /** Called with the simulated host whenever all that follows from one step of its clock has happened. */
  readonly onWorld?: (world: World) => void;
}
