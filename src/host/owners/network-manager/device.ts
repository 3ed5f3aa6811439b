import type { NmConnection, NmDevice } from '../../../domain/owners.ts';
import { busErrorName } from '../bus/bus-failure.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import { toBoolean, toDictionary, toList, toNumber, toText } from '../bus/values.ts';
import { EXTERNAL_FLAG, NETWORK_MANAGER, NO_OBJECT, objectOf } from './names.ts';

/** How long each call may take, and what ends them all. */
export interface CallLimits {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A device with what is needed to work with it. */
export interface KnownDevice extends NmDevice {
  /** Its object on the bus; another one after a restart. */
  readonly path: string;
  /** NetworkManager may start a profile on it by itself. */
  readonly autoconnect: boolean;
  /** Upper-case hex with colons. */
  readonly hardwareAddress: string;
}

/** Path of the device that has this name at the moment (not an altname); undefined where NetworkManager knows none. */
export async function findDevice(name: string, bus: SystemBus, limits: CallLimits): Promise<string | undefined> {
  const request = { ...NETWORK_MANAGER, member: 'GetDeviceByIpIface', signature: 's', body: [name] };
  try {
    return toText((await bus.call(request, limits.limitMs, limits.signal))[0], name);
  } catch (error) {
    if (busErrorName(error)?.endsWith('.UnknownDevice')) return undefined;
    throw error;
  }
}

/** Reads a device by its present name; undefined where NetworkManager knows none, or it vanishes meanwhile. */
export async function readDevice(name: string, bus: SystemBus, limits: CallLimits): Promise<KnownDevice | undefined> {
  const path = await findDevice(name, bus, limits);
  if (path === undefined) return undefined;
  try {
    const values = await bus.getAll(objectOf(path, 'Device'), limits.limitMs, limits.signal);
    const [state, reason] = toList(values.get('StateReason'), path);
    return {
      name,
      path,
      managed: toBoolean(values.get('Managed'), path),
      state: toNumber(state, path),
      reason: toNumber(reason, path),
      deviceType: toNumber(values.get('DeviceType'), path),
      autoconnect: toBoolean(values.get('Autoconnect'), path),
      hardwareAddress: toText(values.get('HwAddress'), path),
      connection: await readActive(toText(values.get('ActiveConnection'), path), bus, limits),
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function readActive(path: string, bus: SystemBus, limits: CallLimits): Promise<NmConnection | null> {
  if (path === NO_OBJECT) return null;
  try {
    const values = await bus.getAll(objectOf(path, 'Connection.Active'), limits.limitMs, limits.signal);
    const settings = await readSettings(toText(values.get('Connection'), path), bus, limits);
    return {
      id: toText(values.get('Id'), path),
      uuid: toText(values.get('Uuid'), path),
      type: toText(values.get('Type'), path),
      method4: methodOf(settings, 'ipv4', path),
      method6: methodOf(settings, 'ipv6', path),
      // Since 1.10; before, nothing told them apart.
      external: (toNumber(values.get('StateFlags') ?? 0, path) & EXTERNAL_FLAG) !== 0,
    };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Settings of a profile; undefined where we may not see them. Secrets are not part of them. */
async function readSettings(
  path: string,
  bus: SystemBus,
  { limitMs, signal }: CallLimits,
): Promise<ReadonlyMap<string, unknown> | undefined> {
  try {
    const [settings] = await bus.call(
      { ...objectOf(path, 'Settings.Connection'), member: 'GetSettings' },
      limitMs,
      signal,
    );
    return toDictionary(settings, path);
  } catch (error) {
    if (busErrorName(error) !== undefined) return undefined;
    throw error;
  }
}

function methodOf(settings: ReadonlyMap<string, unknown> | undefined, family: string, object: string): string | null {
  const section = settings?.get(family);
  if (section === undefined) return null;
  const method = toDictionary(section, object).get('method');
  return typeof method === 'string' ? method : null;
}

/** The object went away between two calls. */
function isGone(error: unknown): boolean {
  return /\.(UnknownObject|UnknownMethod|UnknownInterface)$/.test(busErrorName(error) ?? '');
}
