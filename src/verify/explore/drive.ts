import type { InspectionEvent } from 'xstate';
import type { Deadlines } from '../../domain/request.ts';
import { createEngineIn } from '../../engine/create-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import type { RunEvent } from '../../engine/run.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { createSimulatedSurroundings } from '../../engine/simulated-surroundings.ts';
import { createSimulatedHost } from '../../host/simulated/simulated-host.ts';
import type { ProcessOptions, SimulatedProcess } from '../../host/simulated/simulated-process.ts';
import { spawnProcess } from '../../host/simulated/simulated-process.ts';
import type { VirtualClock } from '../../host/simulated/virtual-clock.ts';
import type { World } from '../../host/simulated/world.ts';

/** Virtual time after which a run that has not ended never will, in ms: far above the sum of all deadlines. */
const MAX_VIRTUAL_MS = 30 * 60_000;
/** Turns of one drive after which something goes round in circles. */
const MAX_TURNS = 20_000;
/** Short, so that what waits for a deadline is soon over; only their order matters in virtual time. */
export const DEADLINES: Deadlines = { stepMs: 2_000, gateMs: 3_000, probeMs: 1_000, retryMs: 500 };
/** After which the daemons of a world have found each other again, in ms: ovs-vswitchd connects again after a second. */
export const SETTLE_MS = 3_000;

/** A process of a simulated world with its engine. */
export interface Started {
  readonly process: SimulatedProcess;
  readonly engine: Engine;
}

/** What it takes to start one. */
export interface StartOptions extends Pick<ProcessOptions, 'oracle' | 'onOperation'> {
  readonly world: World;
  readonly folder: SimulatedFolder;
  readonly newId: () => string;
  readonly inspect?: ((event: InspectionEvent) => void) | undefined;
}

/** Starts one. */
export function startProcess({ world, folder, newId, inspect, ...options }: StartOptions): Started {
  const process = spawnProcess({
    clock: world.clock,
    slowMs: DEADLINES.stepMs * 0.6,
    onAnswerLost: () => world.ovs.dropConnection(),
    ...options,
  });
  const surroundings = createSimulatedSurroundings(process, folder, newId);
  const engine = createEngineIn(inspect === undefined ? surroundings : { ...surroundings, inspect }, {
    host: createSimulatedHost(world, process),
  });
  return { process, engine };
}

/** Ids of runs: `id-1`, `id-2`, … */
export function createIds(): () => string {
  let ids = 0;
  return () => {
    ids += 1;
    return `id-${ids}`;
  };
}

/** A run of whichever chart. */
export interface Drivable<O> extends AsyncIterable<RunEvent> {
  readonly outcome: Promise<O>;
}

/** How a run ended; null when neither it nor its process ever does. */
export type Driven<O> = O | 'killed' | null;

/** What is to be driven. */
export interface DriveOptions<O> {
  readonly started: Started;
  readonly run: Drivable<O>;
  readonly clock: VirtualClock;
  readonly onEvent: (event: RunEvent) => void;
  /** Called when all that follows from the last timer has happened; false leaves the run where it is. */
  readonly onTurn: () => boolean;
}

/** Lets the world go on until the run has ended or its process is dead. */
export async function driveRun<O>({ started, run, clock, onEvent, onTurn }: DriveOptions<O>): Promise<Driven<O>> {
  let outcome: O | undefined;
  void follow(run, onEvent);
  void run.outcome.then(made => {
    outcome = made;
  });
  const limitMs = clock.now() + MAX_VIRTUAL_MS;
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    await drain();
    if (!onTurn()) return null;
    if (started.process.isDead()) return 'killed';
    if (outcome !== undefined) return outcome;
    if (!clock.runNext() || clock.now() > limitMs) return null;
  }
  return null;
}

async function follow(run: AsyncIterable<RunEvent>, onEvent: (event: RunEvent) => void): Promise<void> {
  for await (const event of run) onEvent(event);
}

/** All promise callbacks run before the next turn of the event loop. */
export function drain(): Promise<void> {
  return new Promise(resolve => process.nextTick(resolve));
}

/** Gives the daemons of the world the time to find each other again. */
export async function settle(clock: VirtualClock, forMs: number): Promise<void> {
  await drain();
  clock.advance(forMs);
  await drain();
}

/** Lets the world go on until a promise of ours settles; undefined when it never does, or its process dies. */
export async function awaitDriven<T>(
  promise: Promise<T>,
  clock: VirtualClock,
  by?: Pick<Started, 'process'>,
): Promise<T | undefined> {
  let result: { readonly value: T } | undefined;
  let failure: { readonly error: unknown } | undefined;
  promise.then(
    value => {
      result = { value };
    },
    error => {
      failure = { error };
    },
  );
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    await drain();
    if (result !== undefined) return result.value;
    if (failure !== undefined) throw failure.error;
    if (by?.process.isDead() === true) return undefined;
    if (!clock.runNext()) return undefined;
  }
  return undefined;
}
