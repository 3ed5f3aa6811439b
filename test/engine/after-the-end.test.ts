import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEngineIn } from '../../src/engine/create-engine.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../src/engine/simulated-surroundings.ts';
import { loadHost } from '../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../src/host/simulated/simulated-host.ts';
import { spawnProcess } from '../../src/host/simulated/simulated-process.ts';
import { createWorld } from '../../src/host/simulated/world.ts';

const FILE = 'fixtures/hosts/plain.yaml';

async function createEngine() {
  const world = createWorld(loadHost(await readFile(FILE, 'utf8'), FILE));
  const process = spawnProcess({ clock: world.clock, oracle: () => undefined, slowMs: 100 });
  const surroundings = createSimulatedSurroundings(process, createSimulatedFolder(), () => 'id');
  const engine = createEngineIn(surroundings, { host: createSimulatedHost(world, process) });
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    void promise.then(() => {
      isSettled = true;
    });
    while (!isSettled) {
      await new Promise(resolve => setImmediate(resolve));
      if (!isSettled) world.clock.runNext();
    }
    return promise;
  };
  return { engine, settle };
}

/** XState warns on the terminal of whoever embeds us of an event that nobody hears any more. */
describe('a run that has ended', () => {
  afterEach(() => vi.restoreAllMocks());

  it('takes abort and confirm without a word, whatever it was', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { engine, settle } = await createEngine();
    const migration = engine.migrate({ uplink: 'nosuch0', bridge: 'br-ext' });
    expect((await settle(migration.outcome)).result).toBe('refused');
    migration.abort('too late');
    migration.confirm();
    const move = engine.moveLink({ link: 'nosuch0', netns: '/run/netns/pod' });
    expect((await settle(move.outcome)).result).toBe('refused');
    move.abort('too late');
    expect(warn.mock.calls).toEqual([]);
  });
});
