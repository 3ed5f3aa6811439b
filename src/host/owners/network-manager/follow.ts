import type { LinkRef } from '../../../domain/effect.ts';
import { isUplinkError, uplinkError } from '../../../errors.ts';
import { underLimit } from '../bus/limit.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import { type CallLimits, type KnownDevice, readDevice } from './device.ts';
import { CHANGE_LIMIT_MS, type NetworkManagerMeans } from './means.ts';
import { DEVICE_STATE, NETWORK_MANAGER, objectOf } from './names.ts';
import { requireBus } from './require-bus.ts';

/** For one answer of a NetworkManager that is asked to change something; each wait for what it then does has the longer limit. */
const ANSWER_LIMIT_MS = 2000;
/** How long NetworkManager may take for what it does with a device by itself. */
const SETTLE_LIMIT_MS = 2000;

/** A device under way to what is asked of it. */
export interface Follow {
  readonly bus: SystemBus;
  readonly limits: CallLimits;
  /** The device at this moment; undefined while NetworkManager knows none of that name (it may not have heard of a rename yet). */
  read(): Promise<KnownDevice | undefined>;
  /**
   * Looks now and after each of NetworkManager's signals, and resolves with the device when `isThere` says so; rejects with `OWNER_REFUSED` when
   * it does not get there within `limitMs`.
   */
  until(isThere: (device: KnownDevice) => boolean, expected: string, limitMs?: number): Promise<KnownDevice>;
}

/** Gives `work` a look at a link's device; nothing is heard of NetworkManager afterwards. Rejects with `OWNER_UNREACHABLE`, `ABORTED`. */
export async function followDevice<T>(
  link: LinkRef,
  means: NetworkManagerMeans,
  signal: AbortSignal | undefined,
  work: (follow: Follow) => Promise<T>,
): Promise<T> {
  const bus = requireBus(means);
  const limits = { limitMs: ANSWER_LIMIT_MS, signal };
  const wakers = new Set<() => void>();
  const tell = (): void => {
    for (const wake of wakers) wake();
  };
  const { destination, path } = NETWORK_MANAGER;
  const filter = { sender: destination, pathNamespace: path };
  const unsubscribe = await bus.subscribe(filter, tell, limits.limitMs, signal);
  const unwatch = bus.onClosed(tell);
  const read = (): Promise<KnownDevice | undefined> => readDevice(link.name, bus, limits);

  const until: Follow['until'] = (isThere, expected, limitMs = means.changeLimitMs ?? CHANGE_LIMIT_MS) => {
    const late = { what: 'NetworkManager does not follow', object: link.name };
    return underLimit(limitMs, signal, late, async limit => {
      let news = Promise.withResolvers<void>();
      const wake = (): void => news.resolve();
      wakers.add(wake);
      limit.addEventListener('abort', wake, { once: true });
      try {
        for (;;) {
          news = Promise.withResolvers<void>();
          const seen = await read();
          if (seen !== undefined && isThere(seen)) return seen;
          if (!limit.aborted) await news.promise;
          if (signal?.aborted === true) throw limit.reason;
          if (limit.aborted) throw stuck(link, `${expected} within ${limitMs} ms`, seen);
        }
      } finally {
        wakers.delete(wake);
      }
    });
  };
  try {
    return await work({ bus, limits, read, until });
  } finally {
    unsubscribe();
    unwatch();
  }
}

/** Gives NetworkManager a moment to bring the device to where it is wanted; false where it does not get there. */
export async function settles(
  { until }: Follow,
  isThere: (device: KnownDevice) => boolean,
  expected: string,
): Promise<boolean> {
  try {
    await until(isThere, expected, SETTLE_LIMIT_MS);
    return true;
  } catch (error) {
    if (isUplinkError(error) && error.code === 'OWNER_REFUSED') return false;
    throw error;
  }
}

/** Waits until a profile could be started on a managed device; false where that does not come, as without a carrier. */
export function isReady(follow: Follow): Promise<boolean> {
  return settles(follow, device => device.state >= DEVICE_STATE.disconnected, 'ready');
}

/** Has NetworkManager manage the device or let it go, and resolves when it says that it does. */
export async function askManaged({ bus, limits, until }: Follow, managed: boolean): Promise<void> {
  const { path } = await until(() => true, 'known');
  await bus.set(objectOf(path, 'Device'), 'Managed', 'b', managed, limits.limitMs, limits.signal);
  await until(
    device => device.managed === managed && (device.state === DEVICE_STATE.unmanaged) === !managed,
    managed ? 'managed' : 'unmanaged',
  );
}

/** Tells NetworkManager whether it may start a profile on the device by itself. */
export async function askAutoconnect({ bus, limits, until }: Follow, value: boolean): Promise<void> {
  const { path } = await until(() => true, 'known');
  await bus.set(objectOf(path, 'Device'), 'Autoconnect', 'b', value, limits.limitMs, limits.signal);
}

function stuck(link: LinkRef, expected: string, seen: KnownDevice | undefined): Error {
  const how = `${seen?.managed === true ? 'managed' : 'unmanaged'}, state ${seen?.state}, reason ${seen?.reason}`;
  return uplinkError('OWNER_REFUSED', {
    what: 'NetworkManager does not follow',
    object: link.name,
    expected,
    got: seen === undefined ? 'it knows no such device' : how,
    advice: `nmcli -f GENERAL device show ${link.name} says more`,
  });
}
