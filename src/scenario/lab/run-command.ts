import { existsSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../../test/lab/lab.ts';
import type { RunEvent, RunOutcome } from '../../engine/run.ts';
import type { Failure } from '../../errors.ts';
import { ACTS_VARIABLE, type ActingOrders, type ActingReport } from './act.ts';

/** One line that `ovs-uplink --json` prints. */
interface CommandMessage {
  readonly event?: RunEvent;
  readonly outcome?: RunOutcome;
  readonly failure?: Failure;
}

/** Something that a run told, in the order in which it happened. */
export type Heard = { readonly event: RunEvent } | { readonly report: ActingReport };

/** How a command line ended. */
export interface CommandEnd {
  /** Exit code; 128 + signal number when a signal ended it, as shells count. */
  readonly code: number;
  readonly heard: readonly Heard[];
  /** The last one; undefined when no run ended. */
  readonly outcome: RunOutcome | undefined;
  /** Why it could not begin. */
  readonly failure: Failure | undefined;
  readonly stderr: string;
}

/** Where a command line runs, and what happens to it. */
export interface CommandOptions {
  readonly lab: Lab;
  readonly orders: ActingOrders;
  readonly onReport: (report: ActingReport) => void;
  readonly signal: AbortSignal | undefined;
}

/** A program of this folder, from the sources or from the build. */
export function programPath(name: string): string {
  const source = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return existsSync(source) ? source : source.replace(/ts$/, 'js');
}

/** Arguments that put a command line onto the lab's own Open vSwitch and state folder. */
export function labArguments(lab: Lab): readonly string[] {
  return ['--json', '--ovsdb', lab.ovsdbRemote, '--unixctl', lab.vswitchdCtl, '--state-dir', lab.stateDir];
}

/** How node starts a program here, without the words that it says about types. */
export function nodeCommand(program: string): readonly string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', programPath(program)];
}

/** Stripping the types of the engine takes longer than a migration: what was compiled once is kept. */
export function compileCache(lab: Lab): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? getCompileCacheDir() ?? join(lab.dir, 'compiled') };
}

/** Runs a command line on the lab's host to its end, with acts at its states. An abort is a SIGTERM, which is a rollback. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const { lab, orders, signal } = options;
  const child = lab.spawn(lab.hostNs, [...nodeCommand('acting-command'), ...args, ...labArguments(lab)], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...compileCache(lab), [ACTS_VARIABLE]: JSON.stringify(orders) },
  });
  const messages: CommandMessage[] = [];
  const reports: ActingReport[] = [];
  let stderr = '';
  createInterface({ input: child.stdout! }).on('line', line => messages.push(JSON.parse(line) as CommandMessage));
  createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).on('line', line => {
    const told = JSON.parse(line) as ActingReport;
    reports.push(told);
    options.onReport(told);
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-2000);
  });
  const onAbort = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (ended, name) => resolve(ended ?? 128 + (name === null ? 0 : constants.signals[name])));
    });
    const outcome = messages.findLast(message => message.outcome !== undefined)?.outcome;
    const failure = messages.findLast(message => message.failure !== undefined)?.failure;
    return { code, heard: merge(messages, reports), outcome, failure, stderr: stderr.trim() };
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Events come with the output, which a killed process has not written to its end; states and acts are reported as they come. Both have the
 * states: an act belongs to the state that was reported last before it.
 */
function merge(messages: readonly CommandMessage[], reports: readonly ActingReport[]): readonly Heard[] {
  const heard: Heard[] = [];
  let next = 0;
  const takeActs = (): void => {
    for (; next < reports.length; next += 1) {
      const report = reports[next]!;
      if ('state' in report) return;
      heard.push({ report });
    }
  };
  for (const { event } of messages) {
    if (event === undefined) continue;
    if (event.type === 'state') takeActs();
    heard.push({ event });
    if (event.type !== 'state') continue;
    next += 1;
    takeActs();
  }
  return [...heard, ...reports.slice(next).map(report => ({ report }))];
}
