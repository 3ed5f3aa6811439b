import { createInspector } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { assign, createActor, createMachine, fromPromise } from 'xstate';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import { chartOf } from '../../../src/inspect/viewer/model/chart-of.ts';
import { definitionOf } from '../../../src/inspect/wire/definition.ts';
import { readChart } from '../../../src/verify/chart/graph.ts';

/** What Stately's own inspector writes of a machine. */
function definitionByStately(machine: AnyStateMachine): string {
  const sent: { readonly type: string; readonly definition?: string }[] = [];
  const inspector = createInspector({ send: (event: never) => void sent.push(event), start: () => {}, stop: () => {} });
  inspector.actor(createActor(machine));
  return sent.find(({ type }) => type === '@xstate.actor')!.definition!;
}

const LIGHT = createMachine({
  id: 'light',
  context: () => ({ n: 0 }),
  initial: 'red',
  output: () => 7,
  states: {
    red: {
      entry: assign({ n: 1 }),
      invoke: { id: 'work', src: fromPromise(async () => 1), input: () => 1, onDone: 'green' },
    },
    green: {
      on: { GO: { guard: () => true, actions: [() => undefined], target: '#light.dark' } },
      after: { 10: 'red' },
    },
    dark: { type: 'parallel', states: { l: { initial: 'a', states: { a: {} } }, r: {} } },
  },
});

/** States within states, each with a transition at the innermost. */
function nested(depth: number): AnyStateMachine {
  let state: object = { on: { GO: { guard: 'mayGo', actions: [{ type: 'go' }], target: '#deep' } } };
  for (let level = depth; level > 0; level -= 1) state = { initial: `s${level}`, states: { [`s${level}`]: state } };
  return createMachine({ id: 'deep', ...state } as never);
}

describe('the chart of a definition', () => {
  it('of our own wire is that of the machine', () => {
    const chart = chartOf(definitionOf(uplinkMigration))!;
    expect([...chart.states.keys()]).toEqual([...readChart(uplinkMigration).states.keys()]);
    expect(chart.states.get('preparing')).toEqual(readChart(uplinkMigration).states.get('preparing'));
  });

  it('that Stately wrote has all states and transitions, also those with functions in them', () => {
    const chart = chartOf(definitionByStately(LIGHT))!;
    expect(new Set(chart.states.keys())).toEqual(new Set(readChart(LIGHT).states.keys()));
    const transitions = [...chart.states.values()].flatMap(state => state.transitions);
    expect(transitions.map(({ source, targets }) => `${source} → ${targets}`).sort()).toEqual([
      'green → dark',
      'green → red',
      'red → green',
    ]);
  });

  it.each([3, 4, 5, 6, 9])('that Stately wrote of %d states within states is that of what it wrote', depth => {
    const chart = chartOf(definitionByStately(nested(depth)));
    expect(chart?.states.get('s1')?.parent).toBe('');
    // It cuts what lies deeper than ten objects.
    const paths = [...readChart(nested(depth)).states.keys()];
    expect(paths.slice(0, 4).every(path => chart?.states.has(path))).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['empty text', ''],
    ['a number', '7'],
    ['null', 'null'],
    ['a list', '[]'],
    ['what has no states', '{"id":"promise"}'],
    ['empty states', '{"id":"m","states":{}}'],
    ['null states', '{"id":"m","states":null}'],
    ['text for states', '{"id":"m","states":"all"}'],
    ['a list of states', '{"id":"m","states":[{},{}]}'],
    ['a null state', '{"id":"m","states":{"a":null}}'],
    ['a target that is not there', '{"id":"m","initial":"a","states":{"a":{"on":{"GO":"nowhere"}}}}'],
    ['an initial state that is not there', '{"id":"m","initial":"nowhere","states":{"a":{}}}'],
    ['a hundred thousand levels', `{"id":"m","states":${'{"a":{"states":'.repeat(1e5)}{}${'}}'.repeat(1e5)}}`],
  ])('is none of %s', (_what, definition) => {
    expect(chartOf(definition)).toBeNull();
  });

  it('takes names that every object has for names', () => {
    const chart = chartOf(
      '{"id":"m","initial":"toString","states":{"toString":{"on":{"GO":"constructor"}},"constructor":{}}}',
    );
    expect([...chart!.states.keys()]).toEqual(['', 'toString', 'constructor']);
  });

  it('gives nobody a prototype', () => {
    for (const definition of [
      '{"id":"m","__proto__":{"polluted":1},"states":{"__proto__":{"entry":"x"},"a":{"on":{"__proto__":"a"}}}}',
      '{"id":"m","states":{"a":{"__proto__":{"polluted":1}}},"constructor":{"prototype":{"polluted":1}}}',
    ]) {
      const chart = chartOf(definition);
      if (chart !== null) expect([...chart.states.values()].every(state => !('polluted' in state))).toBe(true);
    }
    expect('polluted' in {}).toBe(false);
  });

  it('of five thousand states is read, and once only', () => {
    const states = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, n) => [`s${n}`, { on: { GO: `s${(n + 1) % 5_000}` } }]),
    );
    const definition = JSON.stringify({ id: 'huge', initial: 's0', states });
    expect(chartOf(definition)?.states.size).toBe(5_001);
    expect(chartOf(definition)).toBe(chartOf(definition));
  });
});
