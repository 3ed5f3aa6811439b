import { networkInterfaces } from 'node:os';
import type { LinkRef } from '../../../domain/effect.ts';
import { keepDns } from './dns.ts';
import { askAutoconnect, askManaged, followDevice, isReady } from './follow.ts';
import type { NetworkManagerMeans } from './means.ts';

/**
 * Has NetworkManager manage a device, or let it go, and resolves when it says that it does. Nothing of that outlives a boot; a restart of
 * NetworkManager it does, by its state file. Letting go leaves addresses and routes alone (1.42: the kernel sees no change), and ends its DHCP
 * client without releasing the lease. A device that it does not know is let go already. Rejects with `OWNER_REFUSED`, `OWNER_UNREACHABLE`,
 * `ABORTED`.
 */
export async function setManaged(
  link: LinkRef,
  managed: boolean,
  means: NetworkManagerMeans,
  signal?: AbortSignal,
): Promise<void> {
  await followDevice(link, means, signal, async follow => {
    const device = await follow.read();
    if (device === undefined && !managed) return;
    if (device?.managed !== managed) await askManaged(follow, managed);
  });
}

/** Has NetworkManager let go of a link, and keeps the DNS servers that it had from there; {@link setManaged}. */
export async function shieldFromNetworkManager(
  link: LinkRef,
  means: NetworkManagerMeans,
  signal?: AbortSignal,
): Promise<void> {
  await followDevice(link, means, signal, async ({ bus, read, limits }) => {
    const device = await read();
    if (device?.managed === true && device.connection?.external === false) await keepDns(link, bus, means, limits);
  });
  await setManaged(link, false, means, signal);
}

/**
 * Has NetworkManager forget which addresses and routes it once gave a device that it has let go of: when it manages the device again, it
 * deletes those first, whoever put them there meanwhile. The only way is to let it manage the device for a moment while that has none of them;
 * nothing is started there, as the device does not connect by itself any more until it is given back, which is also how it is known later that
 * this was done. Does nothing for a link that has addresses, or is managed. Rejects as {@link setManaged}.
 */
export async function forgetInNetworkManager(
  link: LinkRef,
  means: NetworkManagerMeans,
  signal?: AbortSignal,
): Promise<void> {
  if (hasAddresses(link)) return;
  await followDevice(link, means, signal, async follow => {
    const device = await follow.read();
    if (device === undefined || device.managed || !device.autoconnect) return;
    await askAutoconnect(follow, false);
    try {
      await askManaged(follow, true);
      await isReady(follow);
    } finally {
      // Also when we are asked to stop.
      await setManaged(link, false, means);
    }
  });
}

/** True where the link has an address that is not its own link-local one. */
export function hasAddresses({ name }: LinkRef): boolean {
  return Object.entries(networkInterfaces()).some(
    // glibc names an IPv4 address by its label: `eth0`, or `eth0:1`.
    ([label, addresses]) =>
      label.split(':', 1)[0] === name &&
      (addresses ?? []).some(address => address.family === 'IPv4' || address.scopeid === 0),
  );
}
