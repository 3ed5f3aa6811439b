import type { MoveSight } from '../../domain/move/steps.ts';
import { uplinkError } from '../../errors.ts';
import type { MoveSession } from './session.ts';

/** The kernel takes a namespace down in a moment of its own; it waits for what uses the link. */
const LIMIT_MS = 5_000;

/**
 * When a namespace ends, the kernel brings hardware to the first one, but a moment later. Resolves as soon as the link is in one of its namespaces, or
 * certainly nowhere: a virtual one, or a device that was unplugged. Errors: `LINK_GONE` where the device is there and its link does not come.
 */
export async function awaitArrival(session: MoveSession, signal: AbortSignal): Promise<void> {
  const { host, clock } = session;
  let changed = Promise.withResolvers<void>();
  let isLate = false;
  const wake = (): void => changed.resolve();
  const unsubscribe = host.subscribe(wake);
  signal.addEventListener('abort', wake, { once: true });
  const timer = clock.setTimeout(() => {
    isLate = true;
    wake();
  }, LIMIT_MS);
  try {
    for (;;) {
      signal.throwIfAborted();
      changed = Promise.withResolvers();
      const sight = await session.look({});
      if (isSomewhere(sight) || !(await isPlugged(session, sight))) return;
      if (isLate) throw outOfReach(sight);
      await changed.promise;
    }
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', wake);
    unsubscribe();
  }
}

function isSomewhere({ atHome, inTransit, atTarget }: MoveSight): boolean {
  return [atHome, inTransit, atTarget].some(link => link !== undefined);
}

async function isPlugged({ host }: MoveSession, { plan }: MoveSight): Promise<boolean> {
  const { parentBus, parentDevice } = plan.identity;
  return parentBus !== null && parentDevice !== null && (await host.hasDevice(parentBus, parentDevice));
}

function outOfReach({ plan }: MoveSight): Error {
  const { parentBus, parentDevice } = plan.identity;
  return uplinkError('LINK_GONE', {
    what: 'the device of the link is there, but the link in none of its namespaces',
    object: `${plan.request.link}, ${parentBus} ${parentDevice}`,
    advice: 'has it another driver, or is it in a namespace that somebody holds without a path ("lsns --type net")?',
  });
}
