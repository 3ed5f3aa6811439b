import type { MachineScenario, MachineStep } from '../../../src/scenario/scenario.ts';

const PLACE = { file: 'here.yaml', line: 1, column: 1 };

type Untaken<T> = T extends unknown ? Omit<T, 'place'> : never;

/** A step; its place is the number of its line. */
export type Step = Untaken<MachineStep>;

/** A scenario of one chart; the nth step stands in line n. */
export function scenarioOf(
  machine: MachineScenario['machine'],
  steps: readonly Step[],
  rest: Partial<MachineScenario> = {},
): MachineScenario {
  return {
    kind: 'MachineScenario',
    name: 'here',
    title: 'here',
    failures: [],
    upstream: [],
    guards: null,
    expected: null,
    place: PLACE,
    machine,
    input: {},
    answers: {},
    steps: steps.map((step, at) => ({ ...step, place: { ...PLACE, line: at + 1 } }) as MachineStep),
    never: [],
    eventually: [],
    ...rest,
  };
}

export const send = (type: string, fields: Readonly<Record<string, unknown>> = {}): Step => ({
  step: 'send',
  event: { ...fields, type },
});

export const advance = (ms: number): Step => ({ step: 'advance', ms });

export const reach = (state: string): Step => ({ step: 'reach', state });

export const done = (actor: string, output: unknown = null): Step => ({ step: 'answer', actor, answer: { output } });

export function expecting(
  state: string | null,
  rest: Partial<Omit<Extract<MachineStep, { step: 'expect' }>, 'step' | 'place'>> = {},
): Step {
  return { step: 'expect', state, context: null, invoked: [], withinMs: 0, ...rest };
}
