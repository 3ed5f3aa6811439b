import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkRef } from '../../../domain/effect.ts';
import { uplinkError } from '../../../errors.ts';
import { busErrorName } from '../bus/bus-failure.ts';
import { toText } from '../bus/values.ts';
import type { KnownDevice } from './device.ts';
import { dropDns } from './dns.ts';
import { askAutoconnect, askManaged, type Follow, followDevice, isReady, settles } from './follow.ts';
import type { NetworkManagerMeans } from './means.ts';
import { DEVICE_STATE, NETWORK_MANAGER, NO_OBJECT, SETTINGS } from './names.ts';
import { hasAddresses } from './release.ts';
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
 * 10 ms (NetworkManager 1.42 switches IPv6 off and on). Without a profile, or where somebody has deleted it since, NetworkManager is brought to look on
 * while others have configured the device. Where it does not run, its state file says so for its next start. Rejects with `OWNER_REFUSED` (also
 * when the profile fails), `OWNER_UNREACHABLE`, `ABORTED`.
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
    const known = profile === null ? undefined : await findProfile(profile, follow);
    const isBack = device.managed && (known === undefined || isActivated(device, known));
    // Otherwise it would start what it finds, and DHCP where it finds nothing.
    if (!isBack) await askAutoconnect(follow, false);
    if (!isBack && known !== undefined) await withoutDad(link, means, () => activate(known, follow));
    if (isBack || known !== undefined || (await lookOn(link, follow, means, signal)))
      await askAutoconnect(follow, true);
    await dropDns(link, means, follow);
  });
}

interface KnownProfile {
  readonly uuid: string;
  readonly path: string;
}

function isActivated({ state, connection }: KnownDevice, { uuid }: KnownProfile): boolean {
  return state === DEVICE_STATE.activated && connection?.uuid === uuid;
}

/** False where NetworkManager does not see that the device is configured: it would begin anew as soon as it may. */
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
  return settles(follow, device => device.connection?.external === true, 'configured by somebody else');
}

async function activate(profile: KnownProfile, follow: Follow): Promise<void> {
  await askManaged(follow, true);
  if (!(await isReady(follow))) return;
  const { bus, limits, until } = follow;
  const { path } = await until(() => true, 'known');
  const request = { ...NETWORK_MANAGER, member: 'ActivateConnection', signature: 'ooo' };
  await bus.call({ ...request, body: [profile.path, path, NO_OBJECT] }, limits.limitMs, limits.signal);
  let isStarted = false;
  const ended = await until(device => {
    isStarted ||= device.state > DEVICE_STATE.disconnected;
    return isActivated(device, profile) || (isStarted && isStopped(device.state));
  }, 'activated');
  if (isActivated(ended, profile)) return;
  throw uplinkError('OWNER_REFUSED', {
    what: 'NetworkManager could not activate the profile',
    object: `${ended.name}, ${profile.uuid}`,
    got: `state ${ended.state}, reason ${ended.reason}`,
    advice: 'journalctl -u NetworkManager says why',
  });
}

function isStopped(state: number): boolean {
  return state === DEVICE_STATE.failed || state <= DEVICE_STATE.disconnected;
}

/** Undefined for a profile that somebody has deleted since. */
async function findProfile(uuid: string, { bus, limits }: Follow): Promise<KnownProfile | undefined> {
  const request = { ...SETTINGS, member: 'GetConnectionByUuid', signature: 's', body: [uuid] };
  try {
    const [path] = await bus.call(request, limits.limitMs, limits.signal);
    return { uuid, path: toText(path, uuid) };
  } catch (error) {
    if (busErrorName(error)?.endsWith('.InvalidConnection') === true) return undefined;
    throw error;
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
