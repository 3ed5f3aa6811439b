import { describe, expect, it } from 'vitest';
import { assign, createMachine, fromPromise } from 'xstate';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import { provide } from '../../../src/engine/provide.ts';
import { definitionOf } from '../../../src/inspect/wire/definition.ts';

describe('a machine’s definition', () => {
  it('is all of its configuration, in the order of the source', () => {
    // All that is no name in the chart is the two functions of the root, and JSON.stringify leaves functions out.
    const whole = JSON.parse(definitionOf(uplinkMigration)) as Record<string, unknown>;
    const ours = JSON.stringify(whole, (_, value) => (value?.type === '(function)' ? undefined : value));
    expect(ours).toBe(JSON.stringify(uplinkMigration.config));
    expect(ours).not.toContain('[Object]');
  });

  it('is made once for all runs of a chart', () => {
    const run = provide(uplinkMigration, {});
    expect(run).not.toBe(uplinkMigration);
    const began = performance.now();
    for (let time = 0; time < 100_000; time += 1) definitionOf(run);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('names what is a function, and an invoked machine by its id', () => {
    const child = createMachine({ id: 'child' });
    const machine = createMachine({
      id: 'parent',
      context: () => ({ n: 1 }),
      invoke: [{ src: child }, { src: fromPromise(async () => 1) }],
      on: {
        GO: {
          guard: () => true,
          actions: [assign({ n: 2 }), function tellAll() {}, 'named', { type: 'with', params: { n: 1 } }],
        },
      },
    } as never);
    expect(JSON.parse(definitionOf(machine))).toEqual({
      id: 'parent',
      context: { type: '(function)' },
      invoke: [{ src: 'child' }, { src: '(logic)' }],
      on: {
        GO: {
          guard: { type: '(function)' },
          actions: [{ type: 'xstate.assign' }, { type: 'tellAll' }, 'named', { type: 'with', params: { n: 1 } }],
        },
      },
    });
  });

  it('is no matter of depth, and survives a cycle and a bigint', () => {
    let meta: Record<string, unknown> = { end: 12n };
    const loop = meta;
    for (let level = 0; level < 50; level += 1) meta = { meta };
    loop['loop'] = meta;
    const text = definitionOf(createMachine({ id: 'deep', meta } as never));
    expect(text).toContain('"end":"12"');
    expect(text).toContain('"loop":"(circular)"');
  });
});
