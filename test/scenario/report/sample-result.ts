import type { Mismatch, ScenarioResult, TimelineEntry } from '../../../src/scenario/result.ts';
import type { MachineScenario, Place } from '../../../src/scenario/scenario.ts';

/** A place in a file that nobody has. */
export function placeAt(line: number, column = 1, file = 'nowhere.yaml'): Place {
  return { file, line, column };
}

/** A scenario without steps, for what only looks at its head. */
export function sampleScenario(fields: Partial<MachineScenario> = {}): MachineScenario {
  return {
    kind: 'MachineScenario',
    name: 'a-sample',
    title: 'a sample',
    failures: [],
    upstream: [],
    guards: null,
    expected: null,
    place: placeAt(1),
    machine: 'ovs-readiness',
    input: {},
    answers: {},
    steps: [],
    never: [],
    eventually: [],
    ...fields,
  };
}

/** What a player hands back for it. */
export function sampleResult(fields: Partial<ScenarioResult> = {}): ScenarioResult {
  return {
    scenario: sampleScenario(),
    mismatches: [],
    timeline: [],
    trace: '',
    steps: 0,
    virtualMs: 0,
    tookMs: 0,
    skipped: null,
    ...fields,
  };
}

export function sampleMismatch(fields: Partial<Mismatch> = {}): Mismatch {
  return { place: placeAt(1), what: 'the result', expected: 'committed', got: 'rolledBack', at: null, ...fields };
}

/** So many states, one a ms. */
export function statesOf(count: number): TimelineEntry[] {
  return Array.from({ length: count }, (_, atMs) => ({ atMs, type: 'state', state: `state${atMs}` }));
}
