import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { uplinkError } from '../../src/errors.ts';

/** A process that has told by a first line of output that it is ready. */
export interface ReadyChild {
  /** Resolves when it has ended and nobody holds its output any more. */
  readonly ended: Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves when it is dead. */
  kill(): Promise<void>;
}

/** How {@link untilReady} waits. */
export interface Readiness {
  /** The program, for the error. */
  readonly what: string;
  /** Whose it is, for the error. */
  readonly object?: string;
  readonly limitMs: number;
  /** Ends the process when the limit is over; default SIGKILL for it alone. */
  readonly end?: () => Promise<void>;
}

/**
 * Resolves with the first line of a process whose standard output and error are pipes. Rejects with `DEFECT` and what it has said on
 * standard error when it ends before, or says nothing within the limit; it has ended then.
 */
export async function untilReady(child: ChildProcess, readiness: Readiness): Promise<ReadyChild> {
  const { what, object, limitMs } = readiness;
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  child.once('error', error => {
    said = error.message; // it could not even be started; close follows
  });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const line = new Promise<true>(resolve =>
    createInterface({ input: child.stdout! }).once('line', () => resolve(true)),
  );
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  let late = '';
  const timer = setTimeout(() => {
    late = `nothing in ${limitMs} ms`;
    (readiness.end ?? kill)().catch(kill);
  }, limitMs);
  const ready = await Promise.race([line, ended.then(() => false)]);
  clearTimeout(timer);
  if (!ready) {
    const got = `${late || `exit ${child.exitCode ?? child.signalCode}`} ${said}`.trim();
    throw uplinkError('DEFECT', { what: `${what} did not start`, ...(object === undefined ? {} : { object }), got });
  }
  return { ended, pause: () => child.kill('SIGSTOP'), resume: () => child.kill('SIGCONT'), kill };
}
