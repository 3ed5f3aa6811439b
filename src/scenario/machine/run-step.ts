import { matchValue } from '../match.ts';
import type { Mismatch } from '../result.ts';
import type { MachineName, MachineStep } from '../scenario.ts';
import type { Bench } from './bench.ts';
import { isIn } from './bench.ts';
import { reach } from './reach.ts';
import type { AnyCourse } from './sample-input.ts';
import type { Told } from './told.ts';
import { eventTypesOf } from './vocabulary.ts';

/** What was found wrong, without where it stands. */
export type Found = Pick<Mismatch, 'what' | 'expected' | 'got'>;

/** What a step works on. */
export interface StepContext {
  readonly machine: MachineName;
  readonly bench: Bench;
  readonly told: Told;
  readonly course: AnyCourse;
}

/** Carries one step out; tells what is not as it expects. Steps after one that could not be carried out mean nothing. */
export async function runStep(
  step: MachineStep,
  { machine, bench, told, course }: StepContext,
): Promise<readonly Found[]> {
  switch (step.step) {
    case 'send': {
      const { type } = step.event;
      const known = eventTypesOf(machine);
      // One that is known, but not taken where the chart stands, is normal life: networks go on talking.
      if (!known.includes(type)) return [{ what: `event ${type}`, expected: `one of ${known.join(', ')}`, got: type }];
      if (bench.isOver()) return [ended(`event ${type}`, bench)];
      await bench.send(step.event);
      return [];
    }
    case 'advance':
      await bench.runUntil(() => false, step.ms);
      return [];
    case 'reach': {
      if (await reach(bench, told, course, step.state)) return [];
      return [{ what: 'the undisturbed course', expected: `to reach ${step.state}`, got: describeStand(bench) }];
    }
    case 'answer': {
      if (await bench.answer(step.actor, step.answer)) return [];
      return [{ what: `answer of ${step.actor}`, expected: `${step.actor} waits for one`, got: describeStand(bench) }];
    }
    case 'expect': {
      const differences = (): readonly Found[] => differencesOf(step, bench);
      await bench.runUntil(() => differences().length === 0, step.withinMs);
      return differences();
    }
  }
}

function differencesOf(
  { state, context, invoked }: Extract<MachineStep, { step: 'expect' }>,
  bench: Bench,
): readonly Found[] {
  const found: Found[] = [];
  if (state !== null && !isIn(bench.state(), state)) {
    found.push({ what: 'the state', expected: state, got: describeStand(bench) });
  }
  if (context !== null) {
    const differences = matchValue(context, bench.context(), 'context');
    found.push(...differences.map(({ path, expected, got }) => ({ what: path, expected, got })));
  }
  const missing = invoked.filter(actor => !bench.waiting().includes(actor));
  if (missing.length > 0) {
    found.push({ what: 'waiting actors', expected: missing.join(', '), got: bench.waiting().join(', ') || 'none' });
  }
  return found;
}

/** Where the chart stands, and for whom it waits. */
function describeStand(bench: Bench): string {
  const questions = bench.questions();
  return questions.length === 0 ? bench.state() : `${bench.state()}, which waits for ${questions.join(', ')}`;
}

function ended(what: string, bench: Bench): Found {
  return { what, expected: 'a chart that still runs', got: `it ended in ${bench.state()}` };
}
