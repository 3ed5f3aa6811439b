import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { uplinkError } from '../../src/errors.ts';
import { labEnvironment, spawnInNetns } from './command.ts';

/** A running Open vSwitch daemon that this process started. */
export interface Daemon {
  readonly pid: number;
  /** True until the process has ended, for whatever reason. */
  isRunning(): boolean;
  /** Sends a signal; nothing happens when the process has ended already. */
  signal(name: NodeJS.Signals): void;
  /** Sends a signal that ends the process and resolves when it has really ended. */
  stop(name: NodeJS.Signals): Promise<void>;
}

/** What {@link startDaemon} starts. */
export interface DaemonOptions {
  readonly netns: string;
  /** The daemon without `--detach` and `--pidfile`. */
  readonly argv: readonly string[];
  readonly pidfile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const START_TIMEOUT_MS = 20_000;
// As ovs-ctl(8) starts them by default. A userspace datapath that waits for a processor drops packets, and the probes run
// at this priority, too.
const NICENESS = '-10';

/**
 * Starts an OVS daemon and resolves when it is ready. Rejects with `DEFECT`, `DEADLINE` or `ABORTED`.
 *
 * Readiness: with `--detach` the parent exits when the daemon listens (ovsdb-server) or has applied the configuration
 * once (ovs-vswitchd); ovs-vswitchd(8). Its end: the daemon is nobody's child, so it inherits a socket on fd 3 that is
 * never used: end of file there is the death of the process, also by SIGKILL, and a pid is only ever signalled before.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const [program = ''] = options.argv;
  const argv = ['nice', '-n', NICENESS, ...options.argv, `--pidfile=${options.pidfile}`, '--detach', '--no-chdir'];
  const child = spawnInNetns(options.netns, argv, {
    env: labEnvironment(options.env),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const lifeline = child.stdio[3] as Socket;
  let running = true;
  const ended = new Promise<void>(resolve => {
    lifeline.once('close', () => {
      running = false;
      resolve();
    });
  });
  // A peer that dies by SIGKILL may show as ECONNRESET instead of an end; 'close' follows either way.
  lifeline.on('error', () => {});
  lifeline.resume();
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });

  await new Promise<void>((resolve, reject) => {
    const fail = (code: 'DEFECT' | 'DEADLINE' | 'ABORTED', got: string) => {
      child.kill('SIGKILL');
      finish(() =>
        reject(uplinkError(code, { what: 'daemon did not start', object: program, got: `${got} ${said}`.trim() })),
      );
    };
    const onAbort = () => fail('ABORTED', 'abort');
    const timer = setTimeout(() => fail('DEADLINE', `nothing in ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      settle();
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    child.once('error', error => fail('DEFECT', error.message));
    child.once('exit', code => (code === 0 ? finish(resolve) : fail('DEFECT', `exit ${code}`)));
  });
  child.stderr?.destroy();

  const pid = Number(readFileSync(options.pidfile, 'utf8').trim());
  // The lifeline alone must not keep a program alive that forgot its lab; the exit hook cleans up.
  lifeline.unref();
  const signal = (name: NodeJS.Signals) => {
    if (running) process.kill(pid, name);
  };
  const stop = async (name: NodeJS.Signals) => {
    lifeline.ref();
    signal(name);
    signal('SIGCONT'); // a stopped process would only take the signal (but SIGKILL) when it goes on
    await ended;
  };
  return { pid, isRunning: () => running, signal, stop };
}
