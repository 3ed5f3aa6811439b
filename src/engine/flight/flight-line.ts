import type { Failure } from '../../errors.ts';
import type { MoveOutcome } from '../move/run.ts';
import type { RunResult } from '../run.ts';

/** Version of the format; readers refuse a later one. */
export const FLIGHT_VERSION = 1;

/**
 * One line of a flight file, as JSON. `run` tells apart the runs of several processes that write at a time; `ms` counts from the start of the run.
 * In place of a part that was written before stands {@link ValueReference}.
 */
export type FlightLine = { readonly run: string } & (
  | FlightHead
  /** A part that others refer to by its number. `cut`: lists in it were too long, and are here without their ends. */
  | { readonly value: number; readonly is: unknown; readonly cut?: boolean }
  | { readonly ms: number; readonly event: RecordedEvent }
  | { readonly ms: number; readonly state: string }
  | {
      readonly ms: number;
      /** `of`: the whole of it, where it changes what the kernel shows. */
      readonly effect: { readonly op: string; readonly text: string; readonly of?: unknown };
      readonly failure: Failure | null;
    }
  | { readonly ms: number; readonly child: RecordedChild }
  | { readonly ms: number; readonly end: FlightEnd }
  /** Nothing was recorded from here on: there was no room left. */
  | { readonly ms: number; readonly full: true }
);

/** A chart that the run's chart invokes has entered a state. */
export interface RecordedChild {
  /** By which the run's chart calls it, and the chart's own. */
  readonly name: string;
  readonly machine: string;
  /** As XState has it. */
  readonly value: unknown;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** Type of the event that led there; empty where it begins. */
  readonly on: string;
}

/** How a run ended. */
export type FlightEnd = RunResult | MoveOutcome['result'];

/** First line of a run. */
export interface FlightHead {
  readonly flight: number;
  /** Version of ovs-uplink. */
  readonly program: string;
  /** Kernel release. */
  readonly kernel: string;
  /** Wall-clock time of the start, ISO 8601. */
  readonly startedAt: string;
  /** Id of the chart. */
  readonly machine: string;
  /** Input of the chart. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** An event as the chart got it; errors are failures, as plain data. */
export interface RecordedEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Stands for a value line of the same run. */
export interface ValueReference {
  readonly $: number;
}

/** Type of the event that says: the chart failed, and a fresh one goes on, with the input that the event carries. */
export const CHART_RESTARTED = 'engine.chart.restarted';
