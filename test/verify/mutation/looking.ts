import { Worker } from 'node:worker_threads';
import type { AnyStateMachine } from 'xstate';
import { rollbackEffects } from '../../../src/domain/steps/rollback.ts';
import { bindIdleMigration } from '../../../src/verify/chart/bind-idle.ts';
import { sceneContext } from '../../domain/steps/contexts.ts';

// What a process with a fault is asked by run-mutated.test.ts.

/** Commands that the state hears, in the chart that the engine binds. */
export function eventsOfSwitchingRoutes(): readonly string[] {
  const machine: AnyStateMachine = bindIdleMigration();
  return Object.keys(machine.getStateNodeById(`${machine.id}.cuttingOver.switchingRoutes`).config.on ?? {});
}

/** The same, asked in a worker thread. */
export function eventsInWorker(): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers();
  new Worker(new URL('looking-worker.ts', import.meta.url)).once('message', resolve).once('error', reject);
  return promise;
}

/** How much steps of the way back have to do where rows of ours are left. */
export function countEffects(steps: readonly Parameters<typeof rollbackEffects>[0][]): readonly number[] {
  const context = sceneContext({ context: { ownRows: { bridge: true, hostPort: true, uplink: true } } });
  return steps.map(step => rollbackEffects(step, context).length);
}

export function fail(): never {
  throw new Error('on purpose');
}

export function exit(): never {
  process.exit(7);
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}
