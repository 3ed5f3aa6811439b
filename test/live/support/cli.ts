import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../../src/domain/finding.ts';
import type { MoveOutcome } from '../../../src/engine/move/run.ts';
import type { MoveReport } from '../../../src/engine/move/status.ts';
import type { PlanReport, ReadinessReport, RunEvent, RunOutcome, StatusReport } from '../../../src/engine/run.ts';
import type { Failure } from '../../../src/errors.ts';
import { uplinkError } from '../../../src/errors.ts';
import type { Lab } from '../../lab/lab.ts';

/** What `--json` prints: one of these a line. */
export interface CliObject {
  readonly event?: RunEvent;
  readonly outcome?: RunOutcome;
  readonly plan?: PlanReport;
  readonly status?: StatusReport;
  /** Outcome of a move of a link, or of its return. */
  readonly moved?: MoveOutcome;
  /** A link that was moved, as `status` has it. */
  readonly move?: MoveReport;
  readonly finding?: Finding;
  readonly progress?: ReadinessReport['timeline'][number];
  readonly readiness?: ReadinessReport;
  readonly confirmed?: string;
  readonly aborted?: string;
  /** Why a command could not begin. */
  readonly failure?: Failure;
}

/** What a finished command line left behind. */
export interface CliResult {
  /** Exit code; 128 + signal number when a signal ended it, as shells count. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Everything that `--json` printed, in order. */
  readonly objects: readonly CliObject[];
  /** The events of all runs, in order. */
  readonly events: readonly RunEvent[];
  /** Outcome of the last run; undefined when none began. */
  readonly outcome: RunOutcome | undefined;
}

/** How to run a command line. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The process is killed then, and the wait rejects with `DEADLINE`. Default 60 s. */
  readonly timeoutMs?: number;
  /** False leaves `--json` out: no objects then. Default true. */
  readonly json?: boolean;
  /** Default: the lab's own. */
  readonly ovsdb?: string;
  readonly stateDir?: string;
  /** Default `none`: a guard takes a quarter of a second to start, and a killed run would not stay as it was. `default`: the program's own. */
  readonly guard?: 'process' | 'systemd' | 'none' | 'default';
}

/** A command line under way. */
export interface RunningCli extends AsyncIterable<CliObject> {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves with the first object, from the start on, that `matches` accepts; rejects with `DEFECT` when it ends without. */
  object(matches: (object: CliObject) => boolean): Promise<CliObject>;
  /** Resolves when the chart has entered a state whose path begins with this: `confirming`, `rollingBack.restoringName`. */
  state(path: string): Promise<RunEvent>;
  /** Resolves when the process has ended and its output is read. */
  readonly ended: Promise<CliResult>;
  kill(signal?: NodeJS.Signals): void;
}

const BIN = fileURLToPath(new URL('../../../bin/ovs-uplink', import.meta.url));
const DEFAULT_TIMEOUT_MS = 60_000;

/** `--guard` for a command that takes it. */
export function guardArguments(args: readonly string[], guard: NonNullable<CliOptions['guard']>): readonly string[] {
  const isGuarded = ['migrate', 'restore', 'recover'].includes(args[0] ?? '');
  if (!isGuarded || guard === 'default') return [];
  // Without a guard nothing takes the way back of the only uplink: the pre-check wants to hear that this is meant.
  const accept = guard === 'none' && args[0] === 'migrate' ? ['--accept', 'primary-uplink-unprotected'] : [];
  return ['--guard', guard, ...accept];
}

/** Runs the command line in the namespace of the lab's host to its end; an exit code is a result. */
export async function runCli(lab: Lab, args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return await spawnCli(lab, args, options).ended;
}

/**
 * Starts the command line in the namespace of the lab's host, with the lab's OVSDB, its state folder and `--json`. The lab's end is
 * the process's at the latest.
 */
export function spawnCli(lab: Lab, args: readonly string[], options: CliOptions = {}): RunningCli {
  const argv = [
    BIN,
    ...args,
    ...guardArguments(args, options.guard ?? 'none'),
    '--ovsdb',
    options.ovsdb ?? lab.ovsdbRemote,
  ];
  argv.push('--state-dir', options.stateDir ?? lab.stateDir, ...(options.json === false ? [] : ['--json']));
  const child = lab.spawn(lab.hostNs, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.env !== undefined && { env: { ...options.env } }),
  });
  const text = `ovs-uplink ${args.join(' ')}`;
  const objects: CliObject[] = [];
  const wakers = new Set<() => void>();
  let stdout = '';
  let stderr = '';
  let isEnded = false;
  let isLate = false;
  const wake = (): void => {
    for (const waker of [...wakers]) waker();
  };
  // A line is read whole before its object counts; the reader ends after the process's last line.
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', line => {
    stdout += `${line}\n`;
    if (options.json === false || !line.startsWith('{')) return;
    objects.push(JSON.parse(line) as CliObject);
    wake();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  const read = new Promise<void>(resolve => lines.once('close', () => resolve()));
  const finish = async (): Promise<CliResult> => {
    try {
      const code = await closed;
      await read;
      if (isLate) {
        const got = `${stdout}${stderr}`.slice(-2000);
        throw uplinkError('DEADLINE', {
          what: 'command killed',
          object: text,
          expected: `an end in ${timeoutMs} ms`,
          got,
        });
      }
      const events = objects.flatMap(each => (each.event === undefined ? [] : [each.event]));
      return { code, stdout, stderr, objects, events, outcome: objects.findLast(each => each.outcome)?.outcome };
    } finally {
      clearTimeout(timer);
      isEnded = true;
      wake();
    }
  };
  const ended = finish();
  ended.catch(() => {}); // whoever awaits it hears of it

  async function* iterate(): AsyncGenerator<CliObject> {
    for (let index = 0; ; index += 1) {
      while (index >= objects.length) {
        if (isEnded) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        wakers.add(resolve);
        await promise;
        wakers.delete(resolve);
      }
      yield objects[index]!;
    }
  }
  const object: RunningCli['object'] = async matches => {
    for await (const each of iterate()) if (matches(each)) return each;
    const { code } = await ended;
    const got = `exit ${code}: ${stdout.slice(-2000)} ${stderr}`;
    throw uplinkError('DEFECT', { what: 'the command ended without the awaited line', object: text, got });
  };
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    object,
    state: async path => {
      const isThere = (event: RunEvent | undefined) => event?.type === 'state' && event.state.startsWith(path);
      return (await object(each => isThere(each.event))).event!;
    },
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
    },
    [Symbol.asyncIterator]: iterate,
  };
}
