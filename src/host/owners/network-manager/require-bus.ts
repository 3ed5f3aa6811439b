import { uplinkError } from '../../../errors.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import type { NetworkManagerMeans } from './means.ts';
import { NETWORK_MANAGER } from './names.ts';

/** The bus, which nothing can be asked without; throws `OWNER_UNREACHABLE`. */
export function requireBus({ bus }: NetworkManagerMeans): SystemBus {
  if (typeof bus !== 'string') return bus;
  throw uplinkError('OWNER_UNREACHABLE', {
    what: 'NetworkManager cannot be asked',
    object: NETWORK_MANAGER.destination,
    got: bus === 'absent' ? 'this host has no system bus' : 'the system bus does not answer',
    advice: bus === 'absent' ? 'start dbus' : 'see whether dbus-daemon, or dbus-broker, is stopped or overloaded',
  });
}
