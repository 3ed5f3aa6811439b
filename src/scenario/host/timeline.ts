import { createHash } from 'node:crypto';
import type { Clock } from '../../engine/clock.ts';
import type { RunEvent } from '../../engine/run.ts';
import { describeFailure } from '../../errors.ts';
import type { TimelineEntry } from '../result.ts';

/** What an entry says beside its time. */
export type Told = TimelineEntry extends infer T ? (T extends unknown ? Omit<T, 'atMs'> : never) : never;

/** The time line of one replay while it is written. */
export interface Timeline {
  /** Without what waits. */
  readonly entries: readonly TimelineEntry[];
  /** Writes an entry; it happened now unless another time is given. */
  tell(told: Told, atMs?: number): TimelineEntry;
  /**
   * Writes an entry with the next {@link flush}. The engine makes an operation in the moment in which it enters a state, and tells of the state
   * a little later: what is told of operations waits for that.
   */
  tellLater(told: Told): TimelineEntry;
  flush(): void;
  /** SHA-256 over everything that was told. */
  trace(): string;
}

/** Begins one. */
export function createTimeline(clock: Pick<Clock, 'now'>, onEntry?: (entry: TimelineEntry) => void): Timeline {
  const entries: TimelineEntry[] = [];
  const later: TimelineEntry[] = [];
  const make = (told: Told, atMs: number): TimelineEntry => ({ atMs: roundMs(atMs), ...told }) as TimelineEntry;
  const write = (entry: TimelineEntry): TimelineEntry => {
    entries.push(entry);
    onEntry?.(entry);
    return entry;
  };
  return {
    entries,
    tell: (told, atMs = clock.now()) => write(make(told, atMs)),
    tellLater(told) {
      const entry = make(told, clock.now());
      later.push(entry);
      return entry;
    },
    flush() {
      for (const entry of later.splice(0)) write(entry);
    },
    trace() {
      const hash = createHash('sha256');
      for (const entry of entries) hash.update(`${JSON.stringify(entry)}\n`);
      return hash.digest('hex');
    },
  };
}

/** To the microsecond: sums of small delays have a tail of digits that says nothing. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** An event of a run as an entry. */
export function toldBy(event: RunEvent): Told {
  switch (event.type) {
    case 'state':
      return { type: 'state', state: event.state };
    case 'finding':
      return { type: 'finding', text: `${event.finding.code} (${event.finding.severity}): ${event.finding.message}` };
    case 'effect':
      return {
        type: 'effect',
        op: event.effect.op,
        text: event.text,
        failure: event.failure === null ? null : describeFailure(event.failure),
      };
    case 'observed':
      return { type: 'observed', text: event.text };
    case 'failure':
      return { type: 'failure', code: event.failure.code, text: describeFailure(event.failure) };
    case 'confirm-window':
      return { type: 'event', text: `window to confirm: ${event.remainingMs} ms` };
  }
}
