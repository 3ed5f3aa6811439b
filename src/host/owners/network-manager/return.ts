import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkRef } from '../../../domain/effect.ts';
import { uplinkError } from '../../../errors.ts';
import { busErrorName } from '../bus/bus-failure.ts';
import { toText } from '../bus/values.ts';
import type { KnownDevice } from './device.ts';
import { dropDns } from './dns.ts';
import { askAutoconnect, askManaged, type Follow, followDevice } from './follow.ts';
import type { NetworkManagerMeans } from './means.ts';
import { DEVICE_STATE, NETWORK_MANAGER, NO_OBJECT, SETTINGS } from './names.ts';
import { hasAddresses, isReady } from './release.ts';
import { isAbsent, returnInStateFile } from './stopped.ts';

/** Of {@link returnToNetworkManager}. */
export interface ReturnMeans extends NetworkManagerMeans {
  /**
   * Puts an address on the link and takes it off again, such as 169.254.255.254/32: when an address changes, NetworkManager looks whether
   * somebody else has configured a device.
   */
  readonly touch?: (link: LinkRef, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Gives a device back to NetworkManager with the profile (its uuid) that was active on it, and resolves when that is activated (without a
 * carrier: when it will be). After `forgetInNetworkManager` the IPv4 addresses and routes that are there stay; those of IPv6 are away for some
 * 10 ms (NetworkManager 1.42 switches IPv6 off and on). Without a profile, a device that has addresses is one that somebody else has configured:
 * NetworkManager is brought to look on. Where it does not run, its state file says so for its next start. Rejects with `OWNER_REFUSED` (also when
 * the profile is gone, or fails), `OWNER_UNREACHABLE`, `ABORTED`.
 */
export async function returnToNetworkManager(
  link: LinkRef,
  profile: string | null,
  means: ReturnMeans,
  signal?: AbortSignal,
): Promise<void> {
  if (await isAbsent(means, signal)) {
    await dropDns(link, means);
    return returnInStateFile(link, profile, means);
  }
  await followDevice(link, means, signal, async follow => {
    const device = await follow.until(() => true, 'known');
    const isBack = device.managed && (profile === null || isActivated(device, profile));
    if (!isBack) {
      // Otherwise it would start what it finds, and DHCP where it finds nothing.
      await askAutoconnect(follow, false);
      if (profile !== null) await withoutDad(link, means, () => activate(profile, follow));
      else if (!(await lookOn(link, follow, means, signal))) return;
    }
    await askAutoconnect(follow, true);
    await dropDns(link, means, follow);
  });
}

function isActivated({ state, connection }: KnownDevice, profile: string): boolean {
  return state === DEVICE_STATE.activated && connection?.uuid === profile;
}

/** False where NetworkManager would not see that the device is configured, and would begin anew as soon as it may. */
async function lookOn(
  link: LinkRef,
  follow: Follow,
  { touch }: ReturnMeans,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  await askManaged(follow, true);
  if (!hasAddresses(link)) return true;
  if (!(await isReady(follow)) || touch === undefined) return false;
  await touch(link, signal);
  await follow.until(device => device.connection?.external === true, 'configured by somebody else');
  return true;
}

async function activate(uuid: string, follow: Follow): Promise<void> {
  const profile = await findProfile(uuid, follow);
  await askManaged(follow, true);
  if (!(await isReady(follow))) return;
  const { bus, limits, until } = follow;
  const { path } = await until(() => true, 'known');
  const request = { ...NETWORK_MANAGER, member: 'ActivateConnection', signature: 'ooo' };
  await bus.call({ ...request, body: [profile, path, NO_OBJECT] }, limits.limitMs, limits.signal);
  let isStarted = false;
  const ended = await until(({ state, connection }) => {
    isStarted ||= state > DEVICE_STATE.disconnected;
    return state === DEVICE_STATE.activated ? connection?.uuid === uuid : isStarted && isStopped(state);
  }, 'activated');
  if (ended.state === DEVICE_STATE.activated) return;
  throw uplinkError('OWNER_REFUSED', {
    what: 'NetworkManager could not activate the profile',
    object: `${ended.name}, ${uuid}`,
    got: `state ${ended.state}, reason ${ended.reason}`,
    advice: 'journalctl -u NetworkManager says why',
  });
}

function isStopped(state: number): boolean {
  return state === DEVICE_STATE.failed || state <= DEVICE_STATE.disconnected;
}

async function findProfile(uuid: string, { bus, limits }: Follow): Promise<string> {
  const request = { ...SETTINGS, member: 'GetConnectionByUuid', signature: 's', body: [uuid] };
  try {
    return toText((await bus.call(request, limits.limitMs, limits.signal))[0], uuid);
  } catch (error) {
    if (busErrorName(error)?.endsWith('.InvalidConnection') !== true) throw error;
    const what = 'the profile that was active is gone';
    throw uplinkError('OWNER_REFUSED', { what, object: uuid, advice: 'nmcli connection shows what there is' }, error);
  }
}

/** The addresses of the profile were ours all the time: nobody else can have them, and to look for that takes a second and a half. */
async function withoutDad(link: LinkRef, means: NetworkManagerMeans, work: () => Promise<void>): Promise<void> {
  const file = join(means.root ?? '/', 'proc/sys/net/ipv6/conf', link.name, 'accept_dad');
  const write = (value: string): Promise<void> => writeFile(file, value).catch(() => undefined);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before !== undefined) await write('0');
  try {
    await work();
  } finally {
    if (before !== undefined) await write(before);
  }
}
