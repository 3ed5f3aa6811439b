import { fork } from 'node:child_process';
import { MUTATION_VARIABLE } from './install-mutation.ts';
import type { Mutation } from './mutation.ts';

/** What a process with a fault is to do: import a module and call a function of it with plain data. */
export interface MutatedTask {
  /** Null runs the same without a fault. */
  readonly mutation: Mutation | null;
  /** Address of the module. */
  readonly module: string;
  readonly call: string;
  readonly argument: unknown;
}

/** What came of it. `died` when the process ended, or was stopped, before the function did. */
export type MutatedOutcome =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly text: string }
  | { readonly kind: 'died'; readonly text: string };

/** Runs a task in a process of its own, in which the fault is in force, in its worker threads too. The signal stops it. */
export function runMutated(task: MutatedTask, signal?: AbortSignal): Promise<MutatedOutcome> {
  const { mutation, ...call } = task;
  const { promise, resolve } = Promise.withResolvers<MutatedOutcome>();
  const child = fork(new URL('mutated-process.ts', import.meta.url), {
    execArgv: ['--import', new URL('preload.ts', import.meta.url).href],
    env: { ...process.env, ...(mutation === null ? {} : { [MUTATION_VARIABLE]: JSON.stringify(mutation) }) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  child.once('message', outcome => resolve(outcome as MutatedOutcome));
  child.once('error', error => resolve({ kind: 'died', text: error.message }));
  child.once('exit', (code, killedBy) => resolve({ kind: 'died', text: `ended with ${killedBy ?? code}` }));
  child.send(call);
  return promise;
}
