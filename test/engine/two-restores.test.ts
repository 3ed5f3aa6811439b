import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createEngineIn } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Run, RunOutcome } from '../../src/engine/run.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../src/engine/simulated-surroundings.ts';
import { loadHost } from '../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../src/host/simulated/simulated-host.ts';
import { type FaultOracle, spawnProcess } from '../../src/host/simulated/simulated-process.ts';
import { createWorld } from '../../src/host/simulated/world.ts';

const FILE = 'fixtures/hosts/plain.yaml';

describe('two restores of the same uplink', () => {
  it('the one that comes to the lock later finds everything put back, and says so', async () => {
    const world = createWorld(loadHost(await readFile(FILE, 'utf8'), FILE));
    const folder = createSimulatedFolder();
    let ids = 0;
    const newId = (): string => `id-${++ids}`;
    const start = (oracle: FaultOracle = () => undefined): { engine: Engine; kill(): void } => {
      const process = spawnProcess({ clock: world.clock, oracle, slowMs: 5_000 });
      const surroundings = createSimulatedSurroundings(process, folder, newId);
      return {
        engine: createEngineIn(surroundings, { host: createSimulatedHost(world, process) }),
        kill: process.kill,
      };
    };
    const drive = async (run: Run): Promise<RunOutcome> => {
      let outcome: RunOutcome | undefined;
      void run.outcome.then(made => {
        outcome = made;
      });
      for (;;) {
        await new Promise(resolve => setImmediate(resolve));
        if (outcome !== undefined) return outcome;
        if (!world.clock.runNext()) throw new Error('nothing waits any more');
      }
    };

    const first = start();
    expect((await drive(first.engine.migrate({ uplink: 'eth0', bridge: 'br-ext' }))).result).toBe('committed');
    first.kill();
    // It has read the journal, and takes its time before it asks for the lock.
    const late = start(({ name }) => (name === 'facts.read' ? 'slow' : undefined)).engine.restore({ uplink: 'eth0' });
    const quick = start();
    expect((await drive(quick.engine.restore({ uplink: 'eth0' }))).result).toBe('rolledBack');
    quick.kill();
    expect(await drive(late)).toMatchObject({ result: 'rolledBack', alreadyDone: true, failure: null });
    expect(folder.journals.size).toBe(0);
    expect(world.ovs.database().bridges).toEqual([]);
  });
});
