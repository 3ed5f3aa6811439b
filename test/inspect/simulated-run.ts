import { readFile } from 'node:fs/promises';
import type { InspectionEvent } from 'xstate';
import { createEngineIn } from '../../src/engine/create-engine.ts';
import type { RunEvent, RunOutcome } from '../../src/engine/run.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../src/engine/simulated-surroundings.ts';
import { loadHost } from '../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../src/host/simulated/simulated-host.ts';
import { spawnProcess } from '../../src/host/simulated/simulated-process.ts';
import { createWorld } from '../../src/host/simulated/world.ts';

const FILE = 'fixtures/hosts/plain.yaml';

/** Migrates a simulated host with the real engine, and tells an inspector of its charts. */
export async function runSimulated(
  inspect: ((event: InspectionEvent) => void) | undefined,
): Promise<{ readonly outcome: RunOutcome; readonly events: readonly RunEvent[] }> {
  const world = createWorld(loadHost(await readFile(FILE, 'utf8'), FILE));
  const process = spawnProcess({ clock: world.clock, oracle: () => undefined, slowMs: 100 });
  const surroundings = createSimulatedSurroundings(process, createSimulatedFolder(), () => 'id');
  const engine = createEngineIn(inspect === undefined ? surroundings : { ...surroundings, inspect }, {
    host: createSimulatedHost(world, process),
  });
  const run = engine.migrate({ uplink: 'eth0', bridge: 'br-ext' });
  const events: RunEvent[] = [];
  const told = (async () => {
    for await (const event of run) events.push(event);
  })();
  let isSettled = false;
  void run.outcome.then(() => {
    isSettled = true;
  });
  while (!isSettled) {
    await new Promise(resolve => setImmediate(resolve));
    if (!isSettled) world.clock.runNext();
  }
  await told;
  return { outcome: await run.outcome, events };
}
