import type { Failure } from '../../errors.ts';
import { uplinkError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { ArmedGuard, GuardOrder, Guards } from './guards.ts';
import type { Launch, Launched } from './launch.ts';
import { identify } from './process-identity.ts';
import type { OnHang } from './protocol.ts';
import { send } from './protocol.ts';
import type { Arrival } from './rendezvous.ts';
import { openRendezvous } from './rendezvous.ts';
import { findGuard, removeDuty } from './sighting.ts';

/** The state right after arming says more; until then the run may be silent for this long. */
const FIRST_ALLOWANCE_MS = 30_000;

/** How long a guard that is sent away gets before it is killed, and then to be dead. */
const LEAVE_LIMIT_MS = 3_000;
const DEATH_LIMIT_MS = 2_000;

/** How long to wait for the way in which a guard ended whose connection has ended. */
const OBITUARY_LIMIT_MS = 100;

/** How guards are posted. */
export interface GuardOptions {
  readonly clock: Clock;
  /** Absolute: the guard works in `/`. */
  readonly stateDir: string;
  readonly launch: Launch;
  readonly onHang: OnHang;
  /** The guard's command line for an uplink: `guard -i eth0 …`. */
  readonly argsFor: (uplink: string) => readonly string[];
}

/** Guards that are processes of their own. */
export function createGuards(options: GuardOptions): Guards {
  const { clock, stateDir } = options;
  return {
    arm: (order, onLost, signal) => arm(options, order, onLost, signal),
    find: uplink => findGuard(stateDir, uplink, clock),
  };
}

async function arm(
  options: GuardOptions,
  order: GuardOrder,
  onLost: (failure: Failure) => void,
  signal: AbortSignal,
): Promise<ArmedGuard> {
  const { stateDir, clock, onHang } = options;
  const run = identify(process.pid);
  if (run === undefined) throw uplinkError('GUARD_FAILED', { what: 'cannot read /proc/self/stat' });
  const rendezvous = await openRendezvous(stateDir, order.uplink);
  let launched: Launched | undefined;
  try {
    launched = options.launch(order, options.argsFor(order.uplink));
    const { ended } = launched;
    const arrival = await first(rendezvous.arrival, ended, signal, stateDir);
    rendezvous.close();
    if (launched.pid !== undefined && arrival.pid !== launched.pid)
      throw notReady(`process ${arrival.pid} came instead`);
    const armed = new Promise<void>(resolve => {
      arrival.onMessage = message => {
        if (message.type === 'armed' && message.id === order.id && message.generation === order.generation) resolve();
      };
    });
    const { id, generation } = order;
    send(arrival.socket, { type: 'order', id, generation, run, onHang, allowMs: FIRST_ALLOWANCE_MS });
    await first(armed, Promise.race([ended, whenClosed(arrival)]), signal, stateDir);
    return keep(options, order, arrival, launched, onLost);
  } catch (error) {
    launched?.kill();
    if (launched?.pid !== undefined) await within(clock, launched.ended, DEATH_LIMIT_MS);
    removeDuty(stateDir, order.uplink);
    throw error;
  } finally {
    rendezvous.close();
  }
}

/** The armed guard behind its connection. */
function keep(
  { clock, stateDir }: GuardOptions,
  order: GuardOrder,
  { socket, pid }: Arrival,
  launched: Launched,
  onLost: (failure: Failure) => void,
): ArmedGuard {
  const closed = whenClosed({ socket });
  // Our own child has ended when it is reaped; of a unit's process we see that the kernel closed its files.
  const gone: Promise<string> = launched.pid === undefined ? closed : launched.ended;
  let dueAt = clock.now() + FIRST_ALLOWANCE_MS;
  let isLeaving = false;
  const onEnd = async (): Promise<void> => {
    if (isLeaving) return;
    isLeaving = true;
    // Its connection ends a moment before it does, and its end says more.
    const hasEnded = await within(clock, launched.ended, OBITUARY_LIMIT_MS);
    const how = hasEnded ? await launched.ended : 'its connection ended';
    // One that lives without a connection takes us for dead.
    if (!hasEnded) launched.kill();
    socket.destroy();
    removeDuty(stateDir, order.uplink);
    onLost({
      code: 'GUARD_FAILED',
      what: 'the guard ended before it was sent away',
      object: `process ${pid}`,
      got: how,
      advice: 'nobody would have put the host back had this process died, too; see who killed the guard',
    });
  };
  closed.then(onEnd);
  launched.ended.then(onEnd);
  return {
    pid,
    allow(limitMs) {
      // Cutting over must not cost a message a state: one is sent only where the last one does not cover this state, or covers far more.
      const neededAt = clock.now() + limitMs;
      const spareMs = Math.min(5_000, Math.max(1_000, limitMs / 2));
      if (isLeaving || (dueAt >= neededAt && dueAt <= neededAt + 2 * spareMs)) return;
      dueAt = neededAt + spareMs;
      send(socket, { type: 'allow', allowMs: limitMs + spareMs });
    },
    async disarm() {
      if (!isLeaving) {
        isLeaving = true;
        send(socket, { type: 'disarm' });
      }
      let isGone = await within(clock, gone, LEAVE_LIMIT_MS);
      if (!isGone) {
        launched.kill();
        isGone = await within(clock, gone, DEATH_LIMIT_MS);
      }
      socket.destroy();
      if (isGone) {
        removeDuty(stateDir, order.uplink);
        return null;
      }
      return {
        code: 'GUARD_FAILED',
        what: 'the guard was sent away and killed, but is not proven to be gone',
        object: `process ${pid}`,
        advice: `see whether process ${pid} still runs; it leaves a journal alone that is committed, gone or worked on by a later run`,
      };
    },
  };
}

function whenClosed({ socket }: Pick<Arrival, 'socket'>): Promise<string> {
  if (socket.destroyed) return Promise.resolve('its connection ended');
  return new Promise(resolve => socket.once('close', () => resolve('its connection ended')));
}

/** What the guard does next, unless it ends or the signal aborts before. */
function first<T>(next: Promise<T>, ended: Promise<string>, signal: AbortSignal, stateDir: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(uplinkError('ABORTED', { what: 'no guard was armed: asked to stop' }));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const done = (settle: () => void) => () => {
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    next.then(value => done(() => resolve(value))(), reject);
    ended.then(how => done(() => reject(notReady(how, stateDir)))());
  });
}

function notReady(got: string, stateDir?: string): Error {
  const log = stateDir === undefined ? '' : `see ${stateDir}/*.guard.log, if there is one; `;
  return uplinkError('GUARD_FAILED', {
    what: 'the guard did not get ready',
    got,
    advice: `${log}\`--guard none\` goes without one`,
  });
}

/** True when the promise resolves within the limit. */
function within(clock: Clock, promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const timer = clock.setTimeout(() => resolve(false), limitMs);
    promise.then(() => {
      clock.clearTimeout(timer);
      resolve(true);
    });
  });
}
