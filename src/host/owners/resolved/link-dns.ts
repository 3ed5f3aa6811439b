import type { LinkDns } from '../../../domain/owners.ts';
import { busErrorName } from '../bus/bus-failure.ts';
import type { NamespaceMeans } from '../bus/namespace.ts';
import { compareNamespace } from '../bus/namespace.ts';
import type { BusCall, BusObject, SystemBus } from '../bus/system-bus.ts';
import { toList, toNumber, toText } from '../bus/values.ts';
import { NETWORK1 } from '../networkd/network1.ts';
import { formatDnsServer, parseDnsServer } from './dns-server.ts';

const RESOLVE1: BusObject = {
  destination: 'org.freedesktop.resolve1',
  path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.resolve1.Manager',
};
const LIMIT_MS = 500;
/** What resolved itself allows a link. */
const MAX_ENTRIES = 256;

/**
 * What systemd-resolved has for a link, from whomever: networkd, NetworkManager, or a call. Null where it does not run, knows the links of another
 * network namespace, has nothing, or does not answer in time; never rejects.
 */
export async function readLinkDns(
  ifindex: number,
  bus: SystemBus,
  signal?: AbortSignal,
  means: NamespaceMeans = {},
): Promise<LinkDns | null> {
  try {
    const owner = await bus.nameOwner(RESOLVE1.destination, LIMIT_MS, signal);
    if (owner === undefined || (await compareNamespace(owner, bus, means, LIMIT_MS, signal)) === 'other') return null;
    const request = { ...RESOLVE1, member: 'GetLink', signature: 'i', body: [ifindex] };
    const path = toText((await bus.call(request, LIMIT_MS, signal))[0], 'GetLink');
    const link = { destination: RESOLVE1.destination, path, interface: 'org.freedesktop.resolve1.Link' };
    const values = await bus.getAll(link, LIMIT_MS, signal);
    const servers = toList(values.get('DNSEx') ?? [], path)
      .slice(0, MAX_ENTRIES)
      .flatMap(toServer);
    const domains = toList(values.get('Domains') ?? [], path)
      .slice(0, MAX_ENTRIES)
      .flatMap(toDomain);
    if (servers.length === 0 && domains.length === 0) return null;
    return { servers, domains, defaultRoute: values.get('DefaultRoute') === true };
  } catch {
    return null;
  }
}

/**
 * Gives a link DNS settings until it is gone, or {@link revertLink}. What networkd manages, it keeps for resolved: then it is networkd that is asked.
 * Rejects with `OWNER_UNREACHABLE`, `OWNER_REFUSED`, `ABORTED`; `USAGE` for a server that is none.
 */
export async function setLinkDns(ifindex: number, dns: LinkDns, bus: SystemBus, signal?: AbortSignal): Promise<void> {
  const servers = dns.servers
    .map(parseDnsServer)
    .map(([family, address, ...rest]) => [family, Buffer.from(address), ...rest]);
  const domains = dns.domains.map(domain => [domain.replace(/^~/, '') || '.', domain.startsWith('~')]);
  await ask('SetLinkDNSEx', 'ia(iayqs)', [ifindex, servers], bus, signal);
  await ask('SetLinkDomains', 'ia(sb)', [ifindex, domains], bus, signal);
  await ask('SetLinkDefaultRoute', 'ib', [ifindex, dns.defaultRoute], bus, signal);
}

/** Takes back what {@link setLinkDns} gave a link. Rejects with `OWNER_UNREACHABLE`, `OWNER_REFUSED`, `ABORTED`. */
export async function revertLink(ifindex: number, bus: SystemBus, signal?: AbortSignal): Promise<void> {
  await ask('RevertLink', 'i', [ifindex], bus, signal);
}

async function ask(
  member: string,
  signature: string,
  body: readonly unknown[],
  bus: SystemBus,
  signal?: AbortSignal,
): Promise<void> {
  const call: BusCall = { ...RESOLVE1, member, signature, body };
  try {
    await bus.call(call, LIMIT_MS, signal);
  } catch (error) {
    if (busErrorName(error) !== 'org.freedesktop.resolve1.LinkBusy') throw error;
    const asNetworkd = member === 'RevertLink' ? 'RevertLinkDNS' : member;
    await bus.call({ ...call, ...NETWORK1, member: asNetworkd }, LIMIT_MS, signal);
  }
}

function toServer(value: unknown): string[] {
  const [family, address, port, name] = toList(value, 'DNSEx');
  if (!(address instanceof Uint8Array)) return [];
  const text = formatDnsServer([toNumber(family, 'DNSEx'), address, toNumber(port, 'DNSEx'), toText(name, 'DNSEx')]);
  return text === undefined ? [] : [text];
}

function toDomain(value: unknown): string[] {
  const [name, isRoutingOnly] = toList(value, 'Domains');
  const text = toText(name, 'Domains');
  return [isRoutingOnly === true ? `~${text}` : text];
}
