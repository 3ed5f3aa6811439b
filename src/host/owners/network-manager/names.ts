import type { BusObject } from '../bus/system-bus.ts';

/** NetworkManager itself as an object on the bus: its D-Bus API is the same since 1.0. */
export const NETWORK_MANAGER: BusObject = {
  destination: 'org.freedesktop.NetworkManager',
  path: '/org/freedesktop/NetworkManager',
  interface: 'org.freedesktop.NetworkManager',
};

/** Its profiles. */
export const SETTINGS: BusObject = objectOf(`${NETWORK_MANAGER.path}/Settings`, 'Settings');

/** What it told the resolver; since 1.6. */
export const DNS_MANAGER: BusObject = objectOf(`${NETWORK_MANAGER.path}/DnsManager`, 'DnsManager');

/** Values of NMDeviceState that matter here. */
export const DEVICE_STATE = { unmanaged: 10, unavailable: 20, disconnected: 30, activated: 100, failed: 120 } as const;

/** NM_ACTIVATION_STATE_FLAG_EXTERNAL: somebody else configured the device, NetworkManager only looks on. */
export const EXTERNAL_FLAG = 0x80;

/** A path where there is nothing. */
export const NO_OBJECT = '/';

/** An object of NetworkManager by its path, and one of its interfaces. */
export function objectOf(path: string, name: string): BusObject {
  const { destination } = NETWORK_MANAGER;
  return { destination, path, interface: `${destination}.${name}` };
}
