import { createHash } from 'node:crypto';
import { realClock } from '../../engine/clock.ts';
import { runMoveCase } from '../../verify/explore/moves/run-move-case.ts';
import type { Mismatch, ReplayOptions, ScenarioResult, TimelineEntry } from '../result.ts';
import type { MoveScenario } from '../scenario.ts';

/**
 * Moves a link of a simulated host as exploration does, and judges every end as it does: the link is in the target as asked, or at home as it was; what still
 * stands when the faults stop is recovered. Rejects only for a defect of ours.
 */
export async function replayMove(scenario: MoveScenario, options: ReplayOptions = {}): Promise<ScenarioResult> {
  const startedAt = realClock.now();
  const timeline: TimelineEntry[] = [];
  options.signal?.throwIfAborted();
  let atMs = 0;
  const { inspect, onWorld } = options;
  const result = await runMoveCase(scenario.host, scenario.planned, {
    inspect,
    onWorld,
    onTrace(line) {
      const [, time, text = line] = /^(\d+\.\d+) (.*)$/s.exec(line) ?? [];
      atMs = time === undefined ? atMs : Number(time);
      const entry = entryOf(text.trim(), atMs);
      timeline.push(entry);
      options.onEntry?.(entry);
    },
  });
  const { place, endsPlace } = scenario;
  const mismatches: Mismatch[] = [
    ...result.violations.map(({ invariant, what, object, expected = '', got = '' }) => {
      return { place, what: `${invariant} ${what} of ${object}`, expected, got, at: null };
    }),
    ...result.unused.map(what => {
      return { place, what: 'something that was to happen', expected: what, got: 'it never came', at: null };
    }),
  ];
  const [expected, got] = [scenario.ends, result.ends].map(ends => ends.join(', ')) as [string, string];
  if (expected !== got) mismatches.push({ place: endsPlace, what: 'the ends of the runs', expected, got, at: null });
  return {
    scenario,
    mismatches,
    timeline,
    trace: createHash('sha256').update(JSON.stringify(timeline)).digest('hex'),
    steps: timeline.length,
    virtualMs: result.virtualMs,
    tookMs: realClock.now() - startedAt,
    skipped: null,
  };
}

/** A line of the trace as one of the time line. */
function entryOf(text: string, atMs: number): TimelineEntry {
  if (text.startsWith('-> ')) return { atMs, type: 'state', state: text.slice(3) };
  if (text.startsWith('incident ') || text === 'calm') return { atMs, type: 'happening', text };
  if (text.startsWith('end ')) return { atMs, type: 'end', text: text.slice(4) };
  return { atMs, type: 'operation', text };
}
