import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { constants, setPriority } from 'node:os';
import type { Logger } from 'pino';
import { describeFailure, toFailure } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Clock } from '../clock.ts';
import { createPriority } from '../priority.ts';
import type { StateLock } from '../state-lock.ts';
import { awaitStateLock } from '../state-lock.ts';
import type { GuardOrder } from './guards.ts';
import { isAlive } from './process-identity.ts';
import { type RunMessage, receive, rendezvousPath, send } from './protocol.ts';
import { putBack } from './put-back.ts';
import { removeDuty, writeDuty } from './sighting.ts';

/** How long a guard waits for a lock that somebody else has: who holds it works on the host, and settles the journal or dies. */
const LOCK_LIMIT_MS = 3_600_000;

/** What a run had said before its time was over may not have been read yet: the guard itself may have got no processor for a while. */
const GRACE_MS = 100;

/** setTimeout takes a signed 32-bit number. */
const MAX_TIMER_MS = 2_147_483_647;

/** How long OVSDB gets to be connected before the guard reports for duty without; it goes on trying. */
const WARM_UP_LIMIT_MS = 1_000;

/** How a guard's duty ended. */
export type DutyResult = 'disarmed' | 'left' | 'rolledBack' | 'failed';

/** What a guard needs. */
export interface GuardDuty {
  readonly uplink: string;
  readonly stateDir: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Order = Extract<RunMessage, { type: 'order' }>;

/**
 * The whole life of a guard process: reports to the run that started it, waits, and ends when it is sent away. When the run dies, or says
 * nothing for longer than it announced, it takes the lock and puts the host back from the journal. Everything that takes time (code, sockets,
 * OVSDB) is ready before it says that it is.
 */
export async function standGuard(duty: GuardDuty): Promise<DutyResult> {
  beUnobtrusive();
  await warmUp(duty);
  const socket = connect({ path: rendezvousPath(duty.stateDir, duty.uplink) });
  // A run that is not there any more shows as `close`.
  socket.on('error', () => socket.destroy());
  return await watchOver(duty, socket);
}

/** Signals to a group or a unit are the run's business: it stops cleanly and sends the guard away. */
function beUnobtrusive(): void {
  process.umask(0o077);
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(name, () => undefined);
  try {
    // While it only listens it must not take the processor from those who move the uplink.
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A seccomp filter.
  }
}

/** Reads once what it will read again in haste, so that the code is compiled. */
async function warmUp({ host, clock }: GuardDuty): Promise<void> {
  const limit = new AbortController();
  const timer = clock.setTimeout(() => limit.abort(), WARM_UP_LIMIT_MS);
  await Promise.all([
    host.connectOvs(limit.signal).catch(() => undefined),
    host.readKernel({ routes: false }).catch(() => undefined),
  ]);
  clock.clearTimeout(timer);
}

function watchOver(duty: GuardDuty, socket: Socket): Promise<DutyResult> {
  const { clock, logger, uplink, stateDir } = duty;
  const { promise, resolve, reject } = Promise.withResolvers<DutyResult>();
  let order: Order | undefined;
  let timer: unknown;
  let isActing = false;

  const end = (result: DutyResult): void => {
    clock.clearTimeout(timer);
    removeDuty(stateDir, uplink);
    resolve(result);
  };
  const actOn = (given: Order, why: string): void => {
    if (isActing) return;
    isActing = true;
    clock.clearTimeout(timer);
    createPriority().raise();
    act(duty, { uplink, id: given.id, generation: given.generation }, why).then(end, reject);
  };
  const expectWord = (given: Order, allowMs: number): void => {
    clock.clearTimeout(timer);
    writeDuty(stateDir, { uplink, id: given.id, generation: given.generation }, clock.wallTime() + allowMs);
    timer = clock.setTimeout(
      () => {
        timer = clock.setTimeout(() => onSilence(given), GRACE_MS);
      },
      Math.min(allowMs, MAX_TIMER_MS),
    );
  };
  const onSilence = (given: Order): void => {
    const isKilled = given.onHang === 'kill' && isAlive(given.run);
    logger.warn({ interface: uplink, run: given.run.pid, isKilled }, 'the run hangs');
    if (isKilled) process.kill(given.run.pid, 'SIGKILL');
    actOn(given, 'it hung');
  };

  socket.once('connect', () => send(socket, { type: 'hello', pid: process.pid }));
  receive<RunMessage>(socket, message => {
    switch (message.type) {
      case 'order':
        order = message;
        expectWord(message, message.allowMs);
        send(socket, { type: 'armed', id: message.id, generation: message.generation });
        break;
      case 'allow':
        if (order !== undefined && !isActing) expectWord(order, message.allowMs);
        break;
      case 'disarm':
        removeDuty(stateDir, uplink);
        // Ends with the connection still open: that the kernel closes it is the proof that the process is gone.
        socket.write(`${JSON.stringify({ type: 'disarmed' })}\n`, () => {
          // What waits for the lock must not get it any more.
          if (isActing) process.kill(process.pid, 'SIGKILL');
          end('disarmed');
        });
        break;
    }
  });
  socket.once('close', () => {
    if (order === undefined) end('left');
    else actOn(order, 'it died');
  });
  return promise;
}

async function act(duty: GuardDuty, order: GuardOrder, why: string): Promise<DutyResult> {
  const { host, stateDir, clock, logger } = duty;
  const startedAt = clock.now();
  let lock: StateLock;
  try {
    lock = await awaitStateLock(stateDir, clock, LOCK_LIMIT_MS);
  } catch (error) {
    logger.error({ interface: order.uplink, failure: toFailure(error) }, 'cannot take the place of the run');
    return 'failed';
  }
  try {
    const done = await putBack({ host, stateDir, order, lock, logger });
    if (done.result === 'left') return 'left';
    const { result, failure, pendingRows, advice } = done.outcome;
    const durationMs = clock.now() - startedAt;
    const story = { interface: order.uplink, id: order.id, why, result, pendingRows, durationMs, failure, advice };
    if (result === 'rolledBack') logger.warn(story, 'took the place of the run');
    else logger.error(story, 'took the place of the run, in vain');
    return result === 'rolledBack' ? 'rolledBack' : 'failed';
  } catch (error) {
    const failure = toFailure(error);
    logger.error({ interface: order.uplink, failure }, `cannot put the host back: ${describeFailure(failure)}`);
    return 'failed';
  }
}
