import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { uplinkError } from '../../src/errors.ts';

/** What a finished process left behind. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 + signal number when a signal ended it, as shells count. */
  readonly code: number;
}

/** How {@link runCommand} runs a process. */
export interface CommandOptions {
  /** Name of the network namespace to run in; absent: the caller's own. */
  readonly netns?: string | undefined;
  /** Text for its standard input; absent: an empty input. */
  readonly input?: string | undefined;
  /** Variables on top of the caller's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Reject on an exit code other than 0. Default false. */
  readonly check?: boolean | undefined;
  /** Deadline; the process is killed then. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** The caller's environment for a lab process: sbin in PATH, no NODE_OPTIONS of a test runner, `extra` on top. */
export function labEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  // A root shell made by `su` or a CI runner often lacks the sbin directories, where ip, nft and the OVS daemons are.
  const path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
  const environment: NodeJS.ProcessEnv = { ...process.env, PATH: path, LC_ALL: 'C', ...extra };
  delete environment.NODE_OPTIONS;
  return environment;
}

/** The argument vector that runs `argv` in a network namespace. `ip netns exec` execs, so the pid is the command's own. */
export function inNetns(netns: string | undefined, argv: readonly string[]): string[] {
  return netns === undefined ? [...argv] : ['ip', 'netns', 'exec', netns, ...argv];
}

/** Starts a process in a network namespace, without waiting for anything. */
export function spawnInNetns(netns: string | undefined, argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [file = '', ...args] = inNetns(netns, argv);
  return spawn(file, args, options);
}

/**
 * Runs a process to its end. Rejects with `UNSUPPORTED` (no such program), `DEADLINE`, `ABORTED`, and with `DEFECT` for
 * an exit code other than 0 where `check` asks for it.
 */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const text = argv.join(' ');
  if (options.signal?.aborted) throw uplinkError('ABORTED', { what: 'not run', object: text });
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const child = spawnInNetns(options.netns, argv, { env: labEnvironment(options.env), stdio: 'pipe' });
  const killedFor: { reason?: 'DEADLINE' | 'ABORTED' } = {};
  const kill = (reason: 'DEADLINE' | 'ABORTED') => {
    killedFor.reason ??= reason;
    child.kill('SIGKILL');
  };
  const onAbort = () => kill('ABORTED');
  const timer = setTimeout(kill, timeoutMs, 'DEADLINE');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const result = await collect(child, options.input ?? '');
    if (killedFor.reason !== undefined) {
      throw uplinkError(killedFor.reason, {
        what: 'command stopped',
        object: text,
        expected: `an end in ${timeoutMs} ms`,
      });
    }
    if (options.check && result.code !== 0) {
      const got = `exit ${result.code}: ${(result.stderr || result.stdout).trim()}`;
      throw uplinkError('DEFECT', { what: 'lab command failed', object: text, expected: 'exit 0', got });
    }
    return result;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function collect(child: ChildProcess, input: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', error =>
      reject(uplinkError('UNSUPPORTED', { what: 'cannot start', got: error.message }, error)),
    );
    child.once('close', (code, signal) => {
      const ended = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), code: ended });
    });
    // A process that ends without reading its input is no failure of ours; its exit code says what happened.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
