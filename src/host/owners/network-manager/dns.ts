import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import type { LinkRef } from '../../../domain/effect.ts';
import { isUplinkError, uplinkError } from '../../../errors.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import { toDictionary, toList } from '../bus/values.ts';
import type { CallLimits } from './device.ts';
import type { NetworkManagerMeans } from './means.ts';
import { DNS_MANAGER, NETWORK_MANAGER } from './names.ts';

/** What NetworkManager has told the resolver of one link. */
interface DnsEntry {
  /** Null for what holds everywhere. */
  readonly link: string | null;
  readonly servers: readonly string[];
  readonly domains: readonly string[];
  readonly isVpn: boolean;
}

/** NM_MANAGER_RELOAD_FLAG_CONF: read the configuration again. */
const RELOAD_CONFIGURATION = 1;

/**
 * Keeps the DNS servers of a link in resolv.conf while NetworkManager does not manage it: without, its next look at DNS, at its next start at the
 * latest, writes a resolv.conf without them (F-79). What holds now is written down for NetworkManager as what holds everywhere, in a file that
 * does not outlive a boot. Where systemd-resolved has the servers, nobody writes resolv.conf, the link has none, or a VPN has some of its own,
 * nothing is done. Rejects with `OWNER_UNREACHABLE`, `OWNER_REFUSED`.
 */
export async function keepDns(
  link: LinkRef,
  bus: SystemBus,
  means: NetworkManagerMeans,
  limits: CallLimits,
): Promise<void> {
  const file = dropIn(link, means);
  if (await exists(file)) return;
  const entries = await readDns(bus, limits);
  const isOurs = entries.some(entry => entry.link === link.name && entry.servers.length > 0);
  if (!isOurs || entries.some(entry => entry.isVpn)) return;
  const servers = distinct(entries.flatMap(entry => entry.servers));
  const searches = distinct(entries.flatMap(entry => entry.domains));
  try {
    await mkdir(dirname(file), { recursive: true });
    // Only what ends in .conf is read.
    await writeFile(`${file}~`, format(servers, searches), { mode: 0o644 });
    await rename(`${file}~`, file);
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw uplinkError('OWNER_REFUSED', { what: 'cannot keep the DNS servers', object: file, got }, error);
  }
  await reload(bus, limits);
}

/** Takes {@link keepDns} back; a NetworkManager that runs is told, once it has the servers again by the link's profile. */
export async function dropDns(
  link: LinkRef,
  means: NetworkManagerMeans,
  running?: { readonly bus: SystemBus; readonly limits: CallLimits },
): Promise<void> {
  const file = dropIn(link, means);
  if (!(await exists(file))) return;
  await rm(file, { force: true });
  if (running !== undefined) await reload(running.bus, running.limits);
}

function dropIn(link: LinkRef, means: NetworkManagerMeans): string {
  return join(means.root ?? '/', 'run/NetworkManager/conf.d', `90-ovs-uplink-${link.index}.conf`);
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

/** Nothing where NetworkManager does not write resolv.conf by itself. */
async function readDns(bus: SystemBus, { limitMs, signal }: CallLimits): Promise<readonly DnsEntry[]> {
  const values = await bus.getAll(DNS_MANAGER, limitMs, signal).catch(ignoreRefusal);
  const isWriting = values?.get('Mode') === 'default' && values.get('RcManager') !== 'unmanaged';
  if (values === undefined || !isWriting) return [];
  return toList(values.get('Configuration'), DNS_MANAGER.path).map(toEntry);
}

function toEntry(value: unknown): DnsEntry {
  const entry = toDictionary(value, DNS_MANAGER.path);
  const link = entry.get('interface');
  return {
    link: typeof link === 'string' ? link : null,
    servers: texts(entry.get('nameservers')).filter(server => isIP(server) !== 0),
    domains: texts(entry.get('domains')).filter(domain => /^[\w.-]+$/.test(domain)),
    isVpn: entry.get('vpn') === true,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

function format(servers: readonly string[], searches: readonly string[]): string {
  return `# Made by ovs-uplink, which takes it away with \`ovs-uplink restore\`.
[global-dns]
searches=${searches.join(',')}
[global-dns-domain-*]
servers=${servers.join(',')}
`;
}

/** A NetworkManager before 1.22 cannot be asked, and reads it at its next start. */
async function reload(bus: SystemBus, { limitMs, signal }: CallLimits): Promise<void> {
  const request = { ...NETWORK_MANAGER, member: 'Reload', signature: 'u', body: [RELOAD_CONFIGURATION] };
  await bus.call(request, limitMs, signal).catch(ignoreRefusal);
}

/** An old NetworkManager does not know the question. */
function ignoreRefusal(error: unknown): undefined {
  if (!isUplinkError(error) || error.code !== 'OWNER_REFUSED') throw error;
}
