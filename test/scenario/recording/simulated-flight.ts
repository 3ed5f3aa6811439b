import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngineIn } from '../../../src/engine/create-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { openFlightFile } from '../../../src/engine/flight/flight-file.ts';
import { createFlightRecorder } from '../../../src/engine/flight/flight-recorder.ts';
import type { Run, RunOutcome } from '../../../src/engine/run.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../../src/engine/simulated-surroundings.ts';
import { loadHost } from '../../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../../src/host/simulated/simulated-host.ts';
import type { SimulatedProcess } from '../../../src/host/simulated/simulated-process.ts';
import { type FaultOracle, spawnProcess } from '../../../src/host/simulated/simulated-process.ts';
import { createWorld, type World } from '../../../src/host/simulated/world.ts';

/** Runs on a simulated host, with the flight recorder of real runs, which writes to `stateDir`. */
export interface SimulatedFlight extends Disposable {
  readonly stateDir: string;
  readonly uplink: string;
  readonly bridge: string;
  readonly world: World;
  /** Runs it in a process of its own, to its end or its death. States as the run tells them. */
  run(start: (engine: Engine) => Run, options?: FlightOptions): Promise<FlownRun>;
}

export interface FlightOptions {
  readonly oracle?: FaultOracle;
  /** Called with each state that the run tells. */
  readonly onState?: (state: string, run: Run, process: SimulatedProcess) => void;
}

export interface FlownRun {
  readonly states: readonly string[];
  /** Null: the process died. */
  readonly outcome: RunOutcome | null;
}

/** Deadlines of all runs: short, for only their order matters. */
export const DEADLINES = { stepMs: 2_000, gateMs: 3_000, probeMs: 1_000, retryMs: 500 };

const MAX_TURNS = 20_000;

/** Makes a host of `fixtures/hosts`, and an empty state folder. */
export function createSimulatedFlight(host = 'plain'): SimulatedFlight {
  const file = fileURLToPath(new URL(`../../../fixtures/hosts/${host}.yaml`, import.meta.url));
  const description = loadHost(readFileSync(file, 'utf8'), file);
  const world = createWorld(description);
  const folder = createSimulatedFolder();
  const stateDir = mkdtempSync(join(tmpdir(), 'flight-'));
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `id-${ids}`;
  };
  return {
    stateDir,
    world,
    uplink: description.uplink,
    bridge: description.request.bridge,
    async run(start, { oracle = () => undefined, onState } = {}) {
      const process = spawnProcess({
        clock: world.clock,
        oracle,
        slowMs: DEADLINES.stepMs * 0.6,
        onAnswerLost: () => world.ovs.dropConnection(),
      });
      const surroundings = {
        ...createSimulatedSurroundings(process, folder, newId),
        createFlightRecorder: (uplink: string, onTrouble: (reason: string) => void) =>
          createFlightRecorder({
            sink: openFlightFile(stateDir, uplink),
            clock: process.clock,
            key: newId(),
            onTrouble,
          }),
      };
      const engine = createEngineIn(surroundings, { host: createSimulatedHost(world, process) });
      const run = start(engine);
      const states: string[] = [];
      void (async () => {
        for await (const event of run) {
          if (event.type !== 'state') continue;
          states.push(event.state);
          onState?.(event.state, run, process);
        }
      })();
      let outcome: RunOutcome | null = null;
      void run.outcome.then(made => {
        outcome = made;
      });
      for (let turn = 0; turn < MAX_TURNS && outcome === null && !process.isDead(); turn += 1) {
        await new Promise<void>(resolve => globalThis.process.nextTick(resolve));
        if (outcome === null && !process.isDead()) world.clock.runNext();
      }
      if (!process.isDead()) process.kill();
      return { states, outcome };
    },
    [Symbol.dispose]: () => rmSync(stateDir, { recursive: true }),
  };
}
