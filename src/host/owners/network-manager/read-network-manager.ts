import type { NetworkManagerFacts, NmDevice, Prepared } from '../../../domain/owners.ts';
import { underLimit } from '../bus/limit.ts';
import { compareNamespace } from '../bus/namespace.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import { toText } from '../bus/values.ts';
import { type CallLimits, type KnownDevice, readDevice } from './device.ts';
import { type NetworkManagerMeans, type NmLink, READ_LIMIT_MS } from './means.ts';
import { NETWORK_MANAGER } from './names.ts';
import { readStateFile } from './state-file.ts';

/** A busy host answers several questions one after another in more time than one. */
const TURNS = 2;

/**
 * What NetworkManager has to do with the uplink and its relatives. Where it does not run, or does not answer in time, its state files tell what
 * it will take again. One that hangs costs the limit, one that is slow twice that; never rejects.
 */
export async function readNetworkManager(
  uplink: NmLink,
  relatives: readonly NmLink[],
  means: NetworkManagerMeans,
): Promise<NetworkManagerFacts> {
  const { bus } = means;
  if (typeof bus === 'string') return readFiles(bus, uplink, relatives, means);
  const limitMs = means.readLimitMs ?? READ_LIMIT_MS;
  try {
    const silent = { what: 'NetworkManager does not answer', object: NETWORK_MANAGER.destination };
    const facts = await underLimit(limitMs * TURNS, undefined, silent, signal =>
      ask(uplink, relatives, bus, means, { limitMs, signal }),
    );
    return facts ?? (await readFiles('absent', uplink, relatives, means));
  } catch {
    // No answer, or one that nobody understands.
    return readFiles('silent', uplink, relatives, means);
  }
}

/** Undefined where nobody has NetworkManager's name on the bus. */
async function ask(
  uplink: NmLink,
  relatives: readonly NmLink[],
  bus: SystemBus,
  means: NetworkManagerMeans,
  limits: CallLimits,
): Promise<NetworkManagerFacts | undefined> {
  const owner = await bus.nameOwner(NETWORK_MANAGER.destination, limits.limitMs, limits.signal);
  if (owner === undefined) return undefined;
  const place = await compareNamespace(owner, bus, means, limits.limitMs, limits.signal);
  // It manages the links of another namespace, which may have the same names.
  if (place === 'other') return { state: 'absent', version: null, uplink: null, relatives: [], prepared: 'no' };
  const read = async (link: NmLink): Promise<KnownDevice | undefined> => {
    const device = await readDevice(link.name, bus, limits);
    return device !== undefined && (place === 'same' || hasMac(device.hardwareAddress, link)) ? device : undefined;
  };
  const [version, first, ...others] = await Promise.all([
    bus.get(NETWORK_MANAGER, 'Version', limits.limitMs, limits.signal),
    ...[uplink, ...relatives].map(read),
  ]);
  return {
    state: 'running',
    version: toText(version, NETWORK_MANAGER.path),
    uplink: first === undefined ? null : toFacts(first),
    relatives: others.filter(device => device !== undefined).map(toFacts),
    prepared: preparedOf(first),
  };
}

function toFacts({ name, managed, state, reason, deviceType, connection }: KnownDevice): NmDevice {
  return { name, managed, state, reason, deviceType, connection };
}

/** One that is not known (yet) is not managed. */
function preparedOf(device: KnownDevice | undefined): Prepared {
  if (device === undefined) return 'shielded';
  if (device.managed) return 'no';
  // `forgetInNetworkManager` leaves a device that does not connect by itself; and without a reason it was never managed since the last start.
  return !device.autoconnect || device.reason === 0 ? 'released' : 'shielded';
}

function hasMac(hardwareAddress: string, { mac }: NmLink): boolean {
  return mac == null || hardwareAddress.toLowerCase() === mac;
}

async function readFiles(
  state: 'absent' | 'silent',
  uplink: NmLink,
  relatives: readonly NmLink[],
  means: NetworkManagerMeans,
): Promise<NetworkManagerFacts> {
  const [first, ...others] = await Promise.all([uplink, ...relatives].map(link => readStateFile(link, means)));
  return {
    state,
    version: null,
    uplink: first ?? null,
    relatives: others.filter(device => device !== undefined),
    // What it configured it does not remember when it starts.
    prepared: first?.managed === false ? 'released' : 'no',
  };
}
