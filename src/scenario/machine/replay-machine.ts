import { createHash } from 'node:crypto';
import { realClock } from '../../engine/clock.ts';
import { describeEntry } from '../report/entry-text.ts';
import type { Mismatch, ReplayOptions, ScenarioResult, TimelineEntry } from '../result.ts';
import type { MachineScenario, Pattern, Place } from '../scenario.ts';
import { startBench } from './bench.ts';
import { describePattern, isMeant } from './patterns.ts';
import { followPlainCourse } from './plain-course.ts';
import { followPlainMove } from './plain-move.ts';
import type { Found } from './run-step.ts';
import { runStep } from './run-step.ts';
import type { AnyCourse } from './sample-input.ts';
import { courseRequestOf, startOf, unknownInput } from './sample-input.ts';
import { createTold } from './told.ts';

/**
 * Plays a scenario of one chart: with the engine's own guards, actions and delays, and with actors that answer as the scenario says, in virtual time.
 * It ends with the first step that goes wrong: what follows would only be its consequence.
 */
export async function replayMachine(scenario: MachineScenario, options: ReplayOptions = {}): Promise<ScenarioResult> {
  const beganMs = realClock.now();
  const { machine, steps, place } = scenario;
  const course: AnyCourse =
    machine === 'link-move' ? await followPlainMove() : await followPlainCourse(courseRequestOf(scenario.input));
  const start = startOf(machine, scenario.input, course);
  const told = createTold(start, course);
  const { untilState, onEntry = () => undefined, signal, inspect } = options;
  const bench = await startBench({ scenario, start, told, untilState, onEntry, inspect });
  const { timeline } = bench;
  const mismatches: Mismatch[] = [];
  const record = (found: readonly Found[], at: Place): void => {
    for (const one of found)
      mismatches.push({ ...one, place: at, at: timeline.length === 0 ? null : timeline.length - 1 });
  };
  const recordThrown = (at: Place): void => {
    if (bench.thrown() === undefined) return;
    record([{ what: 'the chart', expected: 'no exception', got: String(bench.thrown()) }], at);
  };
  /** What was written and has no place would be passed over without a word. */
  const recordUnknown = (fields: readonly string[], at: Place): void =>
    record(
      fields.map(field => ({ what: field, expected: 'a field that there is', got: 'one that is not known' })),
      at,
    );
  try {
    recordUnknown([...unknownInput(scenario.input, machine, course), ...told.takeUnknown()], place);
    recordThrown(place);
    for (const step of steps) {
      signal?.throwIfAborted();
      if (bench.isStopped() || mismatches.length > 0) break;
      const found = await runStep(step, { machine, bench, told, course });
      if (!bench.isStopped()) record(found, step.place);
      recordUnknown(told.takeUnknown(), step.place);
      recordThrown(step.place);
    }
  } finally {
    bench.stop();
  }
  const isCutShort = bench.isStopped() || mismatches.length > 0;
  mismatches.push(...brokenNevers(scenario.never, timeline));
  if (!isCutShort) mismatches.push(...missingEventuallies(scenario.eventually, timeline));
  return {
    scenario,
    mismatches,
    timeline,
    trace: createHash('sha256')
      .update(timeline.map(entry => JSON.stringify(entry)).join('\n'))
      .digest('hex'),
    steps: bench.steps(),
    virtualMs: bench.now(),
    tookMs: realClock.now() - beganMs,
    skipped: null,
  };
}

function brokenNevers(patterns: readonly Pattern[], timeline: readonly TimelineEntry[]): readonly Mismatch[] {
  return patterns.flatMap(pattern => {
    const at = timeline.findIndex(entry => isMeant(pattern, entry));
    const entry = timeline[at];
    if (entry === undefined) return [];
    const what = `never ${describePattern(pattern)}`;
    return [{ place: pattern.place, what, expected: 'never', got: describeEntry(entry).text, at }];
  });
}

function missingEventuallies(patterns: readonly Pattern[], timeline: readonly TimelineEntry[]): readonly Mismatch[] {
  return patterns
    .filter(pattern => !timeline.some(entry => isMeant(pattern, entry)))
    .map(pattern => {
      const what = `eventually ${describePattern(pattern)}`;
      return { place: pattern.place, what, expected: 'at some time', got: 'never', at: null };
    });
}
