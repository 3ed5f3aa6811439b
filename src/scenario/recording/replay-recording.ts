import { createHash } from 'node:crypto';
import { realClock } from '../../engine/clock.ts';
import { CHART_RESTARTED } from '../../engine/flight/flight-line.ts';
import { statePath } from '../../engine/migration/state-path.ts';
import type { Failure } from '../../errors.ts';
import { describeFailure } from '../../errors.ts';
import type { Mismatch, ReplayOptions, ScenarioResult, TimelineEntry } from '../result.ts';
import type { RecordedEntry, Recording } from '../scenario.ts';
import type { RecordedChart, RecordedEvent } from './recorded-chart.ts';
import { isRecordedMachine, meaningOf, startRecordedChart } from './recorded-chart.ts';

/**
 * Drives today's chart with what was recorded, and compares the states that it enters with those that were entered then. The first difference is
 * the mismatch, and the end. A recording that stops in the middle is replayed to there. Rejects only when it is aborted.
 */
export async function replayRecording(recording: Recording, options: ReplayOptions = {}): Promise<ScenarioResult> {
  const startedAt = realClock.now();
  const timeline: TimelineEntry[] = [];
  const course = createCourse(recording, options, entry => {
    timeline.push(entry);
    options.onEntry?.(entry);
  });
  const mismatch = course.play();
  return {
    scenario: recording,
    mismatches: mismatch === null ? [] : [{ ...mismatch, at: timeline.length - 1 }],
    timeline,
    trace: createHash('sha256').update(JSON.stringify(timeline)).digest('hex'),
    steps: course.steps(),
    virtualMs: recording.entries.at(-1)?.atMs ?? 0,
    tookMs: realClock.now() - startedAt,
    skipped: null,
  };
}

type Divergence = Omit<Mismatch, 'at'>;

function createCourse(recording: Recording, options: ReplayOptions, push: (entry: TimelineEntry) => void) {
  const { untilState, signal } = options;
  let chart: RecordedChart | undefined;
  /** States that the chart entered, and the recording has not come to yet. */
  const ahead: string[] = [];
  let lastEvent = 'the start';
  /** Why the last event can have had no effect, if so. */
  let unheard: string | null = null;
  let toldFailure: Failure | null = null;
  let steps = 0;

  let nowMs = 0;
  const { inspect } = options;
  let begin: (given: Readonly<Record<string, unknown>>) => RecordedChart;
  const follow = (): void => {
    ahead.push(...(chart?.takeEntered() ?? []));
  };
  const diverges = (entry: RecordedEntry | undefined, expected: string, got: string): Divergence => {
    const why = unheard === null ? '' : `: ${unheard}`;
    const place = entry?.place ?? recording.place;
    return { place, what: `the state after ${lastEvent}`, expected, got: `${got}${why}` };
  };
  const whereItIs = (): string => {
    const defect = chart?.defect() ?? null;
    if (defect !== null) return `the chart fails: ${describeFailure(defect)}`;
    return ahead[0] ?? `stays in ${chart?.state()}`;
  };
  const tellFailure = (atMs: number): void => {
    const failure = chart?.failure() ?? null;
    if (failure === null || failure.what === toldFailure?.what) return;
    toldFailure = failure;
    push({ atMs, type: 'failure', code: failure.code, text: describeFailure(failure) });
  };

  const onState = (entry: RecordedEntry & { readonly state: string }): Divergence | null => {
    const got = whereItIs();
    if (got !== entry.state) return diverges(entry, entry.state, got);
    ahead.shift();
    push({ atMs: entry.atMs, type: 'state', state: entry.state });
    tellFailure(entry.atMs);
    return null;
  };

  const onEvent = (entry: RecordedEntry & { readonly event: RecordedEvent }): Divergence | null => {
    const { event, atMs } = entry;
    const isRestart = event.type === CHART_RESTARTED;
    const defect = chart?.defect() ?? null;
    if (ahead.length > 0) return diverges(entry, 'no other state', whereItIs());
    if ((defect !== null) !== isRestart) {
      const expected = isRestart ? 'the chart fails there, and a fresh one goes back' : 'no failure of the chart';
      return diverges(entry, expected, whereItIs());
    }
    steps += 1;
    unheard = null;
    lastEvent = describe(event);
    push({ atMs, type: 'event', text: lastEvent });
    if (isRestart) {
      chart?.stop();
      chart = begin((event['input'] ?? {}) as Readonly<Record<string, unknown>>);
      follow();
      return null;
    }
    const hearing = chart?.hearing(event) ?? { kind: 'heard' };
    if (hearing.kind === 'unknown') return { ...diverges(entry, event.type, hearing.why), what: 'a recorded event' };
    if (hearing.kind === 'not-awaited') unheard = hearing.why;
    chart?.send(event);
    follow();
    return null;
  };

  const onEntry = (entry: RecordedEntry): Divergence | null => {
    if ('state' in entry) return onState(entry);
    if ('event' in entry) return onEvent(entry);
    if ('child' in entry) {
      const { name, value } = entry.child;
      push({ atMs: entry.atMs, type: 'observed', text: `${name}: ${statePath(value)}` });
      options.onChild?.(entry.child, entry.atMs);
      return null;
    }
    const { op, text } = entry.effect as { readonly op: string; readonly text: string };
    const failure = entry.failure === null ? null : describeFailure(entry.failure);
    push({ atMs: entry.atMs, type: 'effect', op, text, failure });
    return null;
  };

  const play = (): Divergence | null => {
    const { machine, input, entries, header, place } = recording;
    push({ atMs: 0, type: 'run', text: `recorded by ovs-uplink ${header['program']} on ${header['kernel']}` });
    if (!isRecordedMachine(machine)) {
      return {
        place,
        what: 'the chart',
        expected: 'uplink-migration or link-move: no other is recorded',
        got: machine,
      };
    }
    begin = given => startRecordedChart(machine, given, inspect && (event => inspect(event, nowMs)));
    chart = begin(input);
    follow();
    try {
      for (const entry of entries) {
        signal?.throwIfAborted();
        nowMs = entry.atMs;
        const divergence = onEntry(entry);
        if (divergence !== null) return divergence;
        if (untilState !== undefined && 'state' in entry && isWithin(entry.state, untilState)) return null;
      }
      const atMs = entries.at(-1)?.atMs ?? 0;
      const isOver = typeof header['end'] === 'string';
      // A process may die between entering a state and recording that.
      const last = ahead.at(-1) ?? chart.state();
      if (isOver && (ahead.length > 0 || chart.defect() !== null)) {
        return diverges(entries.at(-1), 'no other state', whereItIs());
      }
      push({ atMs, type: 'end', text: describeEnd(header, last) });
      return null;
    } finally {
      chart.stop();
    }
  };
  return { play, steps: () => steps };
}

function describeEnd(header: Recording['header'], state: string): string {
  if (typeof header['end'] === 'string') return `ended ${header['end']}`;
  return header['full'] === true
    ? `ends in ${state}: there was no room for more`
    : `ends in ${state}: the process died there`;
}

function isWithin(state: string, outer: string): boolean {
  return state === outer || state.startsWith(`${outer}.`);
}

/** One line: what it is, and what it is about. */
function describe(event: RecordedEvent): string {
  const { answerOf, deadline } = meaningOf(event);
  if (deadline !== null) return `${deadline} passed`;
  if (answerOf !== null) {
    const error = event['error'] as Failure | undefined;
    return error === undefined ? `${answerOf} is done` : `${answerOf} failed: ${describeFailure(error)}`;
  }
  const about = event as { readonly link?: { readonly name: string }; readonly address?: { readonly local: string } };
  const detail = about.link?.name ?? about.address?.local ?? event['reason'];
  return detail === undefined ? event.type : `${event.type} ${String(detail)}`;
}
