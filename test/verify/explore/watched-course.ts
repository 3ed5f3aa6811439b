import type { Layout } from '../../../src/domain/layout.ts';
import { createEngineIn } from '../../../src/engine/create-engine.ts';
import type { Run } from '../../../src/engine/run.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../../src/engine/simulated-surroundings.ts';
import { createSimulatedHost } from '../../../src/host/simulated/simulated-host.ts';
import { spawnProcess } from '../../../src/host/simulated/simulated-process.ts';
import { createWorld } from '../../../src/host/simulated/world.ts';
import { watchReachability } from '../../../src/scenario/host/watch-reachability.ts';
import { shippedHost } from './shipped.ts';

/** Where the gateways could not be reached while a migration and its way back went on. */
export interface Gap {
  /** State of the chart. */
  readonly in: string;
  /** The operation that came next. */
  readonly before: string;
  readonly silent: readonly string[];
}

/** What became of it. */
export interface Watched {
  readonly ends: readonly string[];
  readonly states: readonly string[];
  readonly gaps: readonly Gap[];
}

/** What to watch. */
export interface Watching {
  readonly name: string;
  readonly layout?: Layout;
  /** The migration is aborted as soon as it enters this state; else it goes well, and is restored. */
  readonly abortAt?: string;
}

/**
 * Migrates a host and gets it back, with nothing in the way, and asks every gateway over its route at every moment. Plain data: a mutated process
 * sends it.
 */
export async function gapsOf({ name, layout, abortAt }: Watching): Promise<Watched> {
  const host = await shippedHost(name);
  const world = createWorld(host);
  const gaps: Gap[] = [];
  const states: string[] = [];
  const ofUplink = host.gateways.filter(gateway => gateway.link === host.uplink && gateway.answers);
  const reachability = watchReachability(world);
  const watch = (before: string): void => {
    const silent = reachability.look().filter(address => ofUplink.some(gateway => gateway.address === address));
    if (silent.length > 0) gaps.push({ in: states.at(-1) ?? '', before, silent });
  };
  const process = spawnProcess({
    clock: world.clock,
    oracle: () => undefined,
    slowMs: 0,
    onOperation: operation => watch(operation.name),
  });
  let ids = 0;
  const surroundings = createSimulatedSurroundings(process, createSimulatedFolder(), () => {
    ids += 1;
    return `id-${ids}`;
  });
  const engine = createEngineIn(surroundings, { host: createSimulatedHost(world, process) });
  const follow = async (run: Run): Promise<void> => {
    for await (const event of run) {
      if (event.type !== 'state') continue;
      states.push(event.state);
      if (event.state === abortAt) run.abort('asked by the test');
    }
  };
  const end = async (run: Run): Promise<string> => {
    let result: string | undefined;
    void follow(run);
    void run.outcome.then(outcome => {
      result = outcome.result;
    });
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      watch('time goes on');
      if (result !== undefined) return result;
      if (!world.clock.runNext()) return 'stuck';
    }
  };
  const { datapath: _any, ...request } = host.request;
  const asked = layout === undefined ? {} : { layout };
  const ends = [await end(engine.migrate({ uplink: host.uplink, ...request, ...asked }))];
  if (abortAt === undefined) ends.push(await end(engine.restore({ uplink: host.uplink })));
  return { ends, states, gaps };
}
