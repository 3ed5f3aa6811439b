import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunOutcome } from '../../../src/engine/run.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Command, Reply } from './protocol.ts';

const SCRIPT = fileURLToPath(new URL('./mortal.ts', import.meta.url));

/** A process with an engine in the lab's host namespace that can be killed at an exact instant. */
export interface Mortal {
  /** Resolves with the next reply that is not about a confirm window; rejects when the process ends without one. */
  ask(command: Command): Promise<Exclude<Reply, { type: 'ready' | 'window' }>>;
  /** Resolves with the ms that are left once a confirm window is open. Ask for it before the command. */
  confirmWindow(): Promise<number>;
  /** Kills it from outside; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts such processes; one is kept warm, for most of its time goes into starting. */
export interface Mortals {
  next(): Promise<Mortal>;
  stop(): Promise<void>;
}

/** Opens the supply; nothing runs before the first `next`. */
export function createMortals(lab: Lab): Mortals {
  let spare: Promise<Mortal> | undefined;
  const started = new Set<Promise<Mortal>>();
  const start = (): Promise<Mortal> => {
    const mortal = startMortal(lab);
    started.add(mortal);
    mortal.catch(() => undefined);
    return mortal;
  };
  return {
    async next() {
      const mortal = await (spare ?? start());
      spare = start();
      return mortal;
    },
    async stop() {
      await Promise.all([...started].map(async mortal => (await mortal.catch(() => undefined))?.kill()));
    },
  };
}

/** Starts one and resolves when its code is loaded. */
async function startMortal(lab: Lab): Promise<Mortal> {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT, lab.ovsdbRemote, lab.stateDir];
  const env = { NODE_COMPILE_CACHE: join(lab.dir, 'compile-cache') };
  const child = lab.spawn(lab.hostNs, argv, { stdio: ['pipe', 'pipe', 'pipe'], env });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const replies = readReplies(child);
  const windows: number[] = [];
  const next = async (): Promise<Reply> => {
    for (;;) {
      const { value, done } = await replies.next();
      if (done === true) throw new Error(`the process ended (${child.exitCode ?? child.signalCode}): ${said}`);
      if (value.type !== 'window') return value;
      windows.push(value.remainingMs);
      waiting?.(value.remainingMs);
    }
  };
  let waiting: ((remainingMs: number) => void) | undefined;
  await next();
  return {
    async ask(command) {
      child.stdin?.write(`${JSON.stringify(command)}\n`);
      const reply = await next();
      if (reply.type === 'killed') await ended(child);
      if (reply.type === 'ready' || reply.type === 'window') throw new Error(`unexpected reply ${reply.type}`);
      return reply;
    },
    confirmWindow: () =>
      new Promise(resolve => {
        waiting = resolve;
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
    },
  };
}

async function* readReplies(child: ChildProcess): AsyncGenerator<Reply> {
  child.stdin?.on('error', () => {}); // it is dead; the end of its output tells
  for await (const line of createInterface({ input: child.stdout! })) yield JSON.parse(line) as Reply;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise(resolve => child.once('exit', () => resolve()));
}

/** The outcomes of a run that was not killed; anything else is an error. */
export function outcomesOf(reply: Reply): readonly RunOutcome[] {
  if (reply.type === 'ended') return reply.outcomes;
  throw new Error(`expected the run to end, got ${JSON.stringify(reply)}`);
}
