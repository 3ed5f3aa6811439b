import type { BusSignal } from '../bus/match-rule.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import { NETWORK_MANAGER, objectOf } from './names.ts';

/**
 * Calls `tell` each time that NetworkManager starts or ends, finds a device, or begins or ceases to manage one: then it is time to look again.
 * The function ends it. Rejects with `OWNER_UNREACHABLE` when the bus does not answer.
 */
export async function watchNetworkManager(bus: SystemBus, tell: () => void, signal?: AbortSignal): Promise<() => void> {
  const { destination, path } = NETWORK_MANAGER;
  const device = objectOf(path, 'Device').interface;
  const onChange = ({ body }: BusSignal): void => {
    if (body[0] === device && namesManaged(body[1])) tell();
  };
  const filters = [
    [{ sender: 'org.freedesktop.DBus', member: 'NameOwnerChanged', arg0: destination }, tell],
    [{ sender: destination, path, interface: destination, member: 'DeviceAdded' }, tell],
    [{ sender: destination, pathNamespace: `${path}/Devices`, member: 'PropertiesChanged', arg0: device }, onChange],
  ] as const;
  const stops: (() => void)[] = [];
  const stop = (): void => {
    for (const each of stops) each();
  };
  try {
    for (const [filter, listener] of filters) stops.push(await bus.subscribe(filter, listener, undefined, signal));
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

function namesManaged(changed: unknown): boolean {
  return Array.isArray(changed) && changed.some(entry => Array.isArray(entry) && entry[0] === 'Managed');
}
