import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { uplinkError } from '../../src/errors.ts';
import type { SignalFilter } from '../../src/host/owners/bus/match-rule.ts';
import { openSystemBus, type SystemBus } from '../../src/host/owners/bus/system-bus.ts';
import type { Lab } from './lab.ts';

/** Where a {@link HostDaemon} runs. */
export interface HostPlace {
  /** For `DBUS_SYSTEM_BUS_ADDRESS` of processes outside; inside {@link host} the bus is where every host has it. */
  readonly address: string;
  /** The same lab, whose commands on the host see the host's own bus, `/run` and `/etc`. */
  readonly host: Lab;
  /** The host's root directory as seen from outside: `/proc/<pid>/root`. */
  readonly root: string;
}

/** A daemon that is to be found on the bus, started and ended as often as a test likes. */
export interface HostDaemon {
  /** Resolves when it is ready. Rejects with `DEFECT` and the end of its log; it has ended then. */
  start(): Promise<void>;
  /** Default SIGTERM; resolves when it is gone, at once where it does not run. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP for this daemon alone: the bus answers, it does not. */
  pause(): void;
  resume(): void;
  /** What it has logged so far, over all its starts. */
  log(): Promise<string>;
}

/** Which daemon {@link createHostDaemon} starts. */
export interface HostDaemonOptions {
  /** For the error. */
  readonly what: string;
  readonly argv: readonly string[];
  /** The file on the host that takes what it prints. */
  readonly logFile: string;
  /** What it is called on the bus. */
  readonly busName: string;
  /** Asked at once, whenever the name has another owner, and at every hint; default: whether the name has an owner. */
  readonly isReady?: (bus: SystemBus) => Promise<boolean>;
  readonly hints?: readonly SignalFilter[];
  readonly limitMs: number;
}

/** A daemon of a private host; it is not started yet. */
export function createHostDaemon(place: HostPlace, options: HostDaemonOptions): HostDaemon {
  const { address, host, root } = place;
  const { what, argv, logFile, limitMs } = options;
  let daemon: ChildProcess | undefined;
  const log = () => readFile(`${root}${logFile}`, 'utf8');

  const start = async () => {
    const command = ['sh', '-c', `exec "$@" >>${logFile} 2>&1`, 'sh', ...argv];
    const child = host.spawn(host.hostNs, command, { stdio: 'ignore' });
    daemon = child;
    const waiting = new AbortController();
    const giveUp = (why: string) => waiting.abort(new Error(why));
    const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
    void ended.then(() => giveUp('it ended'));
    const timer = setTimeout(giveUp, limitMs, `not ready in ${limitMs} ms`);
    try {
      await untilOnBus(address, options, waiting.signal);
    } catch (error) {
      const reason: unknown = waiting.signal.aborted ? waiting.signal.reason : error;
      child.kill('SIGKILL');
      await ended;
      const got = `${reason}: ${(await log().catch(String)).slice(-2000)}`;
      throw uplinkError('DEFECT', { what: `${what} did not start`, object: host.hostNs, got }, reason);
    } finally {
      clearTimeout(timer);
    }
  };
  const stop: HostDaemon['stop'] = async (signal = 'SIGTERM') => {
    const child = daemon;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
    child.kill(signal);
    child.kill('SIGCONT'); // a stopped process would only take the signal when it goes on
    await ended;
  };
  return { start, stop, pause: () => daemon?.kill('SIGSTOP'), resume: () => daemon?.kill('SIGCONT'), log };
}

async function untilOnBus(address: string, options: HostDaemonOptions, signal: AbortSignal): Promise<void> {
  const { busName, hints = [], limitMs } = options;
  const isReady = options.isReady ?? (async bus => (await bus.nameOwner(busName)) !== undefined);
  await using bus = await openSystemBus({ address, limitMs, signal });
  if (bus === undefined) throw new Error('no bus');
  const end = Promise.withResolvers<void>();
  end.promise.catch(() => {}); // it may be over before anybody waits for it
  signal.addEventListener('abort', () => end.reject(signal.reason), { once: true });
  const look = async () => {
    if (await isReady(bus)) end.resolve();
  };
  for (const filter of [{ member: 'NameOwnerChanged', arg0: busName }, ...hints]) {
    await bus.subscribe(filter, () => void look().catch(end.reject), limitMs, signal);
  }
  await Promise.all([look(), end.promise]);
}
