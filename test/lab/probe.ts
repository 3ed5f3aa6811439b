import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { uplinkError } from '../../src/errors.ts';
import type { Lab } from './lab.ts';
import type {
  ProbeCommand,
  ProbeReport,
  ProbeRole,
  ProbeTarget,
  TcpProbeResult,
  UdpProbeResult,
} from './probe-messages.ts';

export type { LostSpan, TcpProbeResult, UdpProbeResult } from './probe-messages.ts';

/** Who sends to whom. */
export interface ProbeEnds {
  /** Namespace of the sender. */
  readonly clientNs: string;
  /** Namespace that holds the addresses and answers. */
  readonly serverNs: string;
  /** Deadline for the first answer, default 15 s. */
  readonly startTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What {@link startUdpProbe} sends. */
export interface UdpProbeOptions extends ProbeEnds {
  /** Addresses in `serverNs`, of both families as one likes; with `source` to send from one address only. */
  readonly targets: readonly (string | { readonly address: string; readonly source: string })[];
  /** Datagrams a second to each target; default 2000. */
  readonly rateHz?: number;
}

/** What {@link startTcpProbe} sends. */
export interface TcpProbeOptions extends ProbeEnds {
  readonly target: string | { readonly address: string; readonly source: string };
  /** Default 1 000 000. */
  readonly bytesPerS?: number;
}

/** A running probe; dispose of it or stop it. */
export interface Probe<Result> extends AsyncDisposable {
  /**
   * Resolves when `amount` more datagrams of every target have been answered (UDP) or bytes have come back (TCP); lets a
   * probe see the time after a change without a sleep. Calls are served one after another. Rejects with `PROBE_FAILED`
   * when that takes longer than `timeoutMs` (default 20 s).
   */
  progress(amount: number, options?: { readonly timeoutMs?: number }): Promise<void>;
  /**
   * Stops sending, waits for what is still under way (at most `graceMs`, default 1000) and resolves with the result; more
   * calls give the same result. Rejects with `PROBE_FAILED` when a probe process died.
   */
  stop(options?: { readonly graceMs?: number }): Promise<Result>;
}

const PROGRAM = fileURLToPath(import.meta.url).replace(/probe\.([jt]s)$/, 'probe-process.$1');
const RESULT_TIMEOUT_MS = 20_000;

/**
 * Sends numbered UDP datagrams through the lab from now on and counts what comes back; resolves when every target
 * answers, and counting begins there. Rejects with `PROBE_FAILED` when a target does not answer in time, and `ABORTED`.
 * Results are by target address.
 */
export async function startUdpProbe(
  lab: Lab,
  options: UdpProbeOptions,
): Promise<Probe<Record<string, UdpProbeResult>>> {
  const { rateHz = 2000 } = options;
  const targets = options.targets.map(toTarget);
  return startProbe(
    lab,
    options,
    ({ udpPort }) => ({ kind: 'udp-client', port: udpPort, rateHz, targets }),
    result => {
      return result.event === 'udp-result' ? { ...result.results } : undefined;
    },
  );
}

/**
 * Keeps one TCP connection busy with numbered data there and back; resolves when the first byte has come back. Rejects as
 * {@link startUdpProbe}.
 */
export async function startTcpProbe(lab: Lab, options: TcpProbeOptions): Promise<Probe<TcpProbeResult>> {
  const { bytesPerS = 1_000_000 } = options;
  const target = toTarget(options.target);
  return startProbe(
    lab,
    options,
    ({ tcpPort }) => ({ kind: 'tcp-client', port: tcpPort, bytesPerS, target }),
    result => {
      return result.event === 'tcp-result' ? result.result : undefined;
    },
  );
}

type Ports = ProbeReport & { event: 'listening' };

async function startProbe<Result>(
  lab: Lab,
  ends: ProbeEnds,
  clientRole: (ports: Ports) => ProbeRole,
  pickResult: (report: ProbeReport) => Result | undefined,
): Promise<Probe<Result>> {
  const deadline = AbortSignal.timeout(ends.startTimeoutMs ?? 15_000);
  const signal = ends.signal === undefined ? deadline : AbortSignal.any([deadline, ends.signal]);
  const server = startProcess(lab, ends.serverNs, { kind: 'server' });
  const processes = [server];
  try {
    const ports = await server.report(report => (report.event === 'listening' ? report : undefined), signal);
    const client = startProcess(lab, ends.clientNs, clientRole(ports));
    processes.push(client);
    await client.report(report => (report.event === 'flowing' ? true : undefined), signal);

    let stopped: Promise<Result> | undefined;
    let lastId = 0;
    const finish = async (graceMs: number) => {
      try {
        const result = client.report(pickResult, AbortSignal.timeout(graceMs + RESULT_TIMEOUT_MS));
        client.tell({ command: 'stop', graceMs });
        return await result;
      } finally {
        await Promise.all(processes.map(each => each.kill()));
      }
    };
    return {
      progress: async (amount, options = {}) => {
        const id = ++lastId;
        const progressed = (report: ProbeReport) =>
          report.event === 'progressed' && report.id === id ? true : undefined;
        const done = client.report(progressed, AbortSignal.timeout(options.timeoutMs ?? 20_000));
        client.tell({ command: 'progress', id, amount });
        await done;
      },
      stop: (options = {}) => {
        stopped ??= finish(options.graceMs ?? 1000);
        return stopped;
      },
      [Symbol.asyncDispose]: async () => {
        await stopped?.catch(() => {}); // whoever called stop() hears of it
        await Promise.all(processes.map(each => each.kill()));
      },
    };
  } catch (error) {
    await Promise.all(processes.map(each => each.kill()));
    if (ends.signal?.aborted) throw uplinkError('ABORTED', { what: 'probe not started' }, error);
    throw error;
  }
}

interface ProbeProcess {
  /** The first report, from the process's start on, of which `pick` makes something. */
  report<T>(pick: (report: ProbeReport) => T | undefined, signal: AbortSignal): Promise<T>;
  tell(message: ProbeCommand): void;
  /** Kills the process and resolves when it is gone. */
  kill(): Promise<void>;
}

function startProcess(lab: Lab, netns: string, role: ProbeRole): ProbeProcess {
  const argv = [process.execPath, PROGRAM, JSON.stringify(role)];
  const child: ChildProcess = lab.spawn(netns, argv, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const said: ProbeReport[] = [];
  let stderr = '';
  child.on('message', message => said.push(message as ProbeReport));
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4000);
  });
  let isClosed = false;
  // Node emits close after an error of spawn, too.
  const ended = new Promise<void>(resolve => {
    child.once('close', () => {
      isClosed = true;
      resolve();
    });
    child.once('error', error => {
      stderr += error.message;
    });
  });
  const report: ProbeProcess['report'] = (pick, signal) =>
    new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        child.off('message', look);
        child.off('close', onClose);
        signal.removeEventListener('abort', onAbort);
        action();
      };
      const fail = (got: string) => {
        const object = `${role.kind} in ${netns}`;
        const details = { what: 'probe does not work', object, got: `${got} ${stderr}`.trim() };
        settle(() => reject(uplinkError('PROBE_FAILED', details)));
      };
      const look = (message: unknown) => {
        const picked = pick(message as ProbeReport);
        if (picked !== undefined) settle(() => resolve(picked));
      };
      const onAbort = () => fail('no answer in time');
      const onClose = () => fail(`the process has ended (${child.exitCode ?? child.signalCode})`);
      child.on('message', look);
      child.once('close', onClose);
      signal.addEventListener('abort', onAbort, { once: true });
      said.forEach(look);
      if (isClosed) onClose();
      else if (signal.aborted) onAbort();
    });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { report, kill, tell: message => child.send(message, () => {}) };
}

function toTarget(target: string | { readonly address: string; readonly source: string }): ProbeTarget {
  return typeof target === 'string' ? { address: target, source: null } : target;
}
