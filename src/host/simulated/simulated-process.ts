import type { Clock } from '../../engine/clock.ts';
import type { ErrorDetails, Failure } from '../../errors.ts';
import { toUplinkError } from '../../errors.ts';

/** What an operation is to the world: decides how long it takes and how it fails. */
export type OperationClass =
  | 'netlink'
  | 'ovsdb'
  | 'unixctl'
  | 'journal'
  | 'lock'
  | 'read'
  | 'probe'
  | 'guard'
  | 'owner';

/**
 * What may go wrong with one operation: `refused` (not done, said so), `answer-lost` (done, but the answer never comes: the transport fails),
 * `hang` (not done, no answer until the caller gives up), `slow` (done late), `kill-before` and `kill-after` (the process dies).
 */
export type OperationFault = 'refused' | 'answer-lost' | 'hang' | 'slow' | 'kill-before' | 'kill-after';

/** A fault that says more than its kind. */
export interface ParticularFault {
  readonly kind: OperationFault;
  /** What the other side says when it refuses: errno and extended-ack text, or the error of OVSDB. */
  readonly said?: Said;
  /** How late a slow operation is, in ms. */
  readonly lateMs?: number;
}

/** The other side's own words in a failure. */
export type Said = Pick<ErrorDetails, 'errno' | 'errnoName' | 'extAck' | 'ovsdbError' | 'ovsdbDetails'>;

/** One operation as a trace shows it. */
export interface Operation {
  readonly class: OperationClass;
  /** `route.replace`, `journal.write verifying`. */
  readonly name: string;
}

/** Decides about an operation before it is carried out; undefined lets it be. */
export type FaultOracle = (operation: Operation) => OperationFault | ParticularFault | undefined;

/** A process of a simulated world: everything that it does to the host passes here, so that it can fail, hang, or die with it. */
export interface SimulatedProcess {
  /** Its timers end with it. */
  readonly clock: Clock;
  isDead(): boolean;
  /**
   * Carries out one operation. Rejects with the failure of its class when refused or when the answer is lost, with the signal's
   * reason when the signal aborts first. Of a process that is dead, or dies meanwhile, it never settles. `tell` makes the failure of a refusal
   * of which is known what the other side said; left out, it is the one of its class.
   */
  operate<T>(
    kind: OperationClass,
    name: string,
    work: () => T | Promise<T>,
    signal?: AbortSignal,
    tell?: (said: Said) => Failure,
  ): Promise<T>;
  /** Called once, when it dies or is closed. */
  onEnd(release: () => void): void;
  /** SIGKILL. */
  kill(): void;
}

/** What it takes to make one. */
export interface ProcessOptions {
  readonly clock: Clock;
  readonly oracle: FaultOracle;
  /** How late a slow operation is, in ms. */
  readonly slowMs: number;
  /** The connection that carried the answer ends. */
  readonly onAnswerLost?: () => void;
  readonly onOperation?: (operation: Operation, fault: OperationFault | undefined) => void;
}

/** Round figures of a quiet machine, in ms: they only decide what comes before what. */
const LATENCY_MS: Record<OperationClass, number> = {
  netlink: 0.05,
  ovsdb: 0.5,
  unixctl: 0.5,
  journal: 2,
  lock: 0.1,
  read: 0.2,
  probe: 1,
  guard: 300,
  owner: 1,
};

/** What a caller is told when nobody answers at all and it gave no signal: netlink's own limit. */
const READ_TIMEOUT_MS = 10_000;

/** Starts a process. */
export function spawnProcess(options: ProcessOptions): SimulatedProcess {
  const timers = new Set<unknown>();
  const releases: (() => void)[] = [];
  let isDead = false;

  const clock: Clock = {
    now: options.clock.now,
    wallTime: options.clock.wallTime,
    setTimeout(fn, delayMs) {
      if (isDead) return undefined;
      const handle = options.clock.setTimeout(() => {
        timers.delete(handle);
        fn();
      }, delayMs);
      timers.add(handle);
      return handle;
    },
    clearTimeout(handle) {
      timers.delete(handle);
      options.clock.clearTimeout(handle);
    },
  };

  const kill = (): void => {
    if (isDead) return;
    isDead = true;
    for (const handle of timers) options.clock.clearTimeout(handle);
    timers.clear();
    for (const release of releases.splice(0)) release();
  };

  return {
    clock,
    isDead: () => isDead,
    onEnd: release => releases.push(release),
    kill,
    operate(kind, name, work, signal, tell) {
      return new Promise((resolve, reject) => {
        if (isDead) return;
        const operation: Operation = { class: kind, name };
        const asked = options.oracle(operation);
        const particular = typeof asked === 'object' ? asked : undefined;
        const fault = typeof asked === 'object' ? asked.kind : asked;
        options.onOperation?.(operation, fault);
        if (fault === 'kill-before') {
          kill();
          return;
        }
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        let timer: unknown;
        const onAbort = (): void => {
          clock.clearTimeout(timer);
          reject(signal?.reason);
        };
        const finish = (): void => {
          signal?.removeEventListener('abort', onAbort);
          if (fault === 'refused') {
            const said = particular?.said;
            if (said === undefined) reject(failureOf(kind, name, 'refused'));
            else
              reject(
                toUplinkError(tell === undefined ? { ...describeFault(kind, name, 'refused'), ...said } : tell(said)),
              );
            return;
          }
          if (fault === 'hang') {
            reject(failureOf(kind, name, 'hang'));
            return;
          }
          let result: ReturnType<typeof work>;
          try {
            result = work();
          } catch (error) {
            reject(error);
            return;
          }
          if (fault === 'kill-after') {
            kill();
            return;
          }
          if (fault === 'answer-lost' && kind === 'ovsdb') options.onAnswerLost?.();
          if (fault === 'answer-lost') reject(failureOf(kind, name, 'answer-lost'));
          else resolve(result);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        // Who has a signal waits until it gives up.
        if (fault === 'hang' && signal !== undefined) return;
        const latencyMs = fault === 'hang' ? READ_TIMEOUT_MS : LATENCY_MS[kind];
        const lateMs = fault === 'slow' ? (particular?.lateMs ?? options.slowMs) : 0;
        timer = clock.setTimeout(finish, latencyMs + lateMs);
      });
    },
  };
}

function failureOf(kind: OperationClass, name: string, fault: 'refused' | 'answer-lost' | 'hang'): Error {
  return toUplinkError(describeFault(kind, name, fault));
}

/** The failure as the real clients tell it. */
export function describeFault(kind: OperationClass, name: string, fault: 'refused' | 'answer-lost' | 'hang'): Failure {
  const object = name;
  switch (kind) {
    case 'netlink':
    case 'read':
      if (fault === 'refused') {
        return { code: 'NETLINK_REFUSED', what: 'the kernel refused', object, errno: 105, errnoName: 'ENOBUFS' };
      }
      return { code: 'NETLINK_TIMEOUT', what: 'the kernel did not answer', object };
    case 'ovsdb':
      if (fault === 'refused') {
        return { code: 'OVSDB_REFUSED', what: 'OVSDB refused', object, ovsdbError: 'resources exhausted' };
      }
      return { code: 'OVSDB_DISCONNECTED', what: 'the connection to OVSDB ended before the answer', object };
    case 'unixctl':
      if (fault === 'refused') return { code: 'UNIXCTL_REFUSED', what: 'the daemon refused the command', object };
      return { code: 'UNIXCTL_UNREACHABLE', what: 'ovs-vswitchd does not answer', object };
    case 'journal':
      return { code: 'JOURNAL_WRITE', what: 'cannot write the journal', object, errno: 28, errnoName: 'ENOSPC' };
    case 'lock':
      return { code: 'LOCK_HELD', what: 'another ovs-uplink works on this host', object };
    case 'guard':
      return { code: 'GUARD_FAILED', what: 'no guard could be posted', object };
    case 'owner':
      if (fault === 'refused') return { code: 'OWNER_REFUSED', what: 'the manager of the link refused', object };
      return { code: 'OWNER_UNREACHABLE', what: 'the manager of the link does not answer', object };
    case 'probe':
      return { code: 'NETLINK_TIMEOUT', what: 'the kernel did not answer', object };
  }
}
