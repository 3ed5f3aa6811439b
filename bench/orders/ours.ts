import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Run } from '../../src/engine/run.ts';
import type { Order, OrderInput, ReadyLeg } from './order.ts';

/** The product itself: a fresh engine for each way, as the command line makes it. */
export const ours: Order = {
  prepareThere: input =>
    prepare(input, 'committed', engine => {
      return engine.migrate({ uplink: input.uplink, bridge: input.bridge, layout: input.layout });
    }),
  prepareBack: input => prepare(input, 'rolledBack', engine => engine.restore({ uplink: input.uplink })),
};

async function prepare(input: OrderInput, wanted: string, start: (engine: Engine) => Run): Promise<ReadyLeg> {
  const engine = createEngine({ ovsdb: input.ovsdb, stateDir: input.stateDir, guard: 'none' });
  return {
    go: async mark => {
      const run = start(engine);
      for await (const event of run) {
        if (event.type === 'state') mark(event.state, event.atMs);
        else if (event.type === 'effect') mark(`  ${event.text}`, event.atMs);
      }
      const outcome = await run.outcome;
      if (outcome.result !== wanted) {
        throw new Error(`expected ${wanted}, got ${outcome.result}: ${JSON.stringify(outcome.failure)}`);
      }
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
