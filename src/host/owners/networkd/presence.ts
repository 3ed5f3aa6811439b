import { readdir, readFile, readlink } from 'node:fs/promises';
import type { NetworkdFacts } from '../../../domain/owners.ts';
import { toNumber } from '../bus/values.ts';
import type { NetworkdMeans } from './means.ts';
import { under } from './means.ts';
import { NETWORK1 } from './network1.ts';
import { NETIF } from './state-file.ts';

const LIMIT_MS = 200;
/** `systemd-networkd`, as far as the kernel keeps it (TASK_COMM_LEN). */
const COMM = 'systemd-network';
const DAEMON = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
};

/**
 * Whether networkd runs for our network namespace: one that serves another has nothing to do with links of ours that happen to have the
 * same index. Bounded; never rejects.
 */
export async function findNetworkd(means: NetworkdMeans, signal?: AbortSignal): Promise<NetworkdFacts['state']> {
  const asked = await askBus(means, signal);
  if (asked !== undefined) return asked;
  return (await hasProcess(means)) ? 'silent' : 'absent';
}

/** Undefined where the bus does not say. */
async function askBus(means: NetworkdMeans, signal?: AbortSignal): Promise<'running' | 'absent' | undefined> {
  const { bus } = means;
  if (bus === undefined) return undefined;
  try {
    const owner = await bus.nameOwner(NETWORK1.destination, LIMIT_MS, signal);
    if (owner === undefined) return undefined;
    const request = { ...DAEMON, member: 'GetConnectionUnixProcessID', signature: 's', body: [owner] };
    const pid = toNumber((await bus.call(request, LIMIT_MS, signal))[0], owner);
    return (await isOurs(pid, means)) ? 'running' : 'absent';
  } catch {
    return undefined;
  }
}

/** Without a bus: a process of that name. It is only looked for where networkd has left its traces. */
async function hasProcess(means: NetworkdMeans): Promise<boolean> {
  const traces = await readdir(under(means, `${NETIF}/links`)).catch(() => []);
  if (traces.length === 0) return false;
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const comm = await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '');
    if (comm.trim() === COMM && (await isOurs(Number(name), means))) return true;
  }
  return false;
}

/** True also where a process may not be looked at: it is then most likely the host's own. */
async function isOurs(pid: number, means: NetworkdMeans): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/ns/net`)) === (await readlink(means.netns ?? '/proc/self/ns/net'));
  } catch {
    return true;
  }
}
