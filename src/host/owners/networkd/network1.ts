import { isUplinkError, uplinkError } from '../../../errors.ts';
import { busErrorName } from '../bus/bus-failure.ts';
import { underLimit } from '../bus/limit.ts';
import type { BusObject, SystemBus } from '../bus/system-bus.ts';
import { toNumber, toText } from '../bus/values.ts';

/** networkd's manager on the bus: org.freedesktop.network1(5). */
export const NETWORK1: BusObject = {
  destination: 'org.freedesktop.network1',
  path: '/org/freedesktop/network1',
  interface: 'org.freedesktop.network1.Manager',
};

const LINKS = `${NETWORK1.path}/link`;

/** The object of a link: bus paths have no digit in front, which is then written as its code (sd_bus_path_encode(3)). */
export function linkObject(index: number): BusObject {
  const text = String(index);
  return {
    destination: NETWORK1.destination,
    path: `${LINKS}/_3${text[0]}${text.slice(1)}`,
    interface: 'org.freedesktop.network1.Link',
  };
}

/** SetupState of a link by its index; undefined where networkd does not know it. */
export async function readSetupState(
  index: number,
  bus: SystemBus,
  limitMs: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    return toText(await bus.get(linkObject(index), 'AdministrativeState', limitMs, signal), `link ${index}`);
  } catch (error) {
    if (isUnknown(error)) return undefined;
    throw error;
  }
}

async function findLinkIndex(
  name: string,
  bus: SystemBus,
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const call = { ...NETWORK1, member: 'GetLinkByName', signature: 's', body: [name] };
    return toNumber((await bus.call(call, limitMs, signal))[0], name);
  } catch (error) {
    if (isUnknown(error)) return undefined;
    throw error;
  }
}

function isUnknown(error: unknown): boolean {
  if (!isUplinkError(error) || error.code !== 'OWNER_REFUSED') return false;
  return /\.(UnknownObject|UnknownInterface|UnknownMethod|NoSuchLink)$/.test(busErrorName(error) ?? '');
}

/** What the SetupState of a link must become. */
export interface WantedState {
  /** Null: whatever index the link of that name has. */
  readonly index: number | null;
  readonly name: string;
  readonly states: readonly string[];
}

/**
 * Has networkd read its files again and resolves when the links are in the wanted states; it answers before it has begun with them. Rejects with
 * `OWNER_UNREACHABLE`, `OWNER_REFUSED` (also when a link does not get there in time), `ABORTED`.
 */
export async function reload(
  wanted: readonly WantedState[],
  bus: SystemBus,
  limitMs: number,
  signal?: AbortSignal,
): Promise<void> {
  await afterwards(wanted, bus, limitMs, signal, limit => bus.call({ ...NETWORK1, member: 'Reload' }, limitMs, limit));
}

/** Resolves when the links are in the wanted states, or were not within the limit; true for the former. Rejects with `ABORTED`. */
export async function settle(
  wanted: readonly WantedState[],
  bus: SystemBus,
  limitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await afterwards(wanted, bus, limitMs, signal, () => Promise.resolve());
    return true;
  } catch (error) {
    if (isUplinkError(error) && error.code.startsWith('OWNER_')) return false;
    throw error;
  }
}

/** Does something and resolves when the links are in the wanted states. The states are read again with every signal. */
async function afterwards(
  wanted: readonly WantedState[],
  bus: SystemBus,
  limitMs: number,
  signal: AbortSignal | undefined,
  act: (limit: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const silent = { what: 'systemd-networkd does not answer', object: NETWORK1.destination };
  await underLimit(limitMs, signal, silent, async limit => {
    let isNews = Promise.withResolvers<void>();
    const tell = (): void => isNews.resolve();
    const filter = { sender: NETWORK1.destination, pathNamespace: LINKS, member: 'PropertiesChanged' };
    const unsubscribe = await bus.subscribe(filter, tell, limitMs, limit);
    const unwatch = bus.onClosed(tell);
    limit.addEventListener('abort', tell, { once: true });
    try {
      await act(limit);
      for (;;) {
        isNews = Promise.withResolvers<void>();
        const missing = await notYet(wanted, bus, limitMs, limit);
        if (missing === undefined) return;
        await isNews.promise;
        if (limit.aborted) throw signal?.aborted === true ? limit.reason : stuck(missing, limitMs);
      }
    } finally {
      unsubscribe();
      unwatch();
      limit.removeEventListener('abort', tell);
    }
  });
}

type Missing = WantedState & { readonly got: string };

async function notYet(
  wanted: readonly WantedState[],
  bus: SystemBus,
  limitMs: number,
  signal: AbortSignal,
): Promise<Missing | undefined> {
  for (const want of wanted) {
    const index = want.index ?? (await findLinkIndex(want.name, bus, limitMs, signal));
    const got = (index === undefined ? undefined : await readSetupState(index, bus, limitMs, signal)) ?? 'unknown';
    if (!want.states.includes(got)) return { ...want, got };
  }
  return undefined;
}

function stuck({ name, states, got }: Missing, limitMs: number): Error {
  return uplinkError('OWNER_REFUSED', {
    what: 'systemd-networkd does not follow',
    object: name,
    expected: `${states.join(' or ')} within ${limitMs} ms`,
    got,
    advice: `networkctl status ${name} says which file is in force; one whose name sorts before ours would be`,
  });
}
