import { type DhcpRefusal, refuseDhcpHandOver, refuseDhcpStart } from '../../../domain/dhcp/dhcp-refusal.ts';
import type { LinkRef } from '../../../domain/effect.ts';
import type { DhcpClient } from '../../../domain/owners.ts';
import type { Netlink } from '../../../netlink/index.ts';
import { copyDhclientLease, readDhclientLeases } from './dhclient-leases.ts';
import { readDhcpClients } from './dhcp-clients.ts';
import {
  joinControlGroup,
  killClient,
  notStarted,
  type Origin,
  originOf,
  pauseClient,
  resumeClient,
  startProgram,
} from './restart.ts';

/** What the hand-over works with. */
export interface HandOverMeans {
  /** Of the namespace that this process is in. */
  readonly netlink: Pick<Netlink, 'addresses' | 'addAddress'>;
}

/** What became of one client. */
export type DhcpHandOver =
  /** `kept`: one serves the link already; `restarted`: it was started for it. */
  | { readonly result: 'kept' | 'restarted'; readonly client: DhcpClient; readonly pid: number }
  /** It was left as it is. */
  | { readonly result: 'refused'; readonly client: DhcpClient; readonly refusal: DhcpRefusal };

interface Links {
  readonly from: LinkRef;
  readonly to: LinkRef;
}

/**
 * How long a server has to answer. dhclient would wait for 70 s and then have its script try the recorded lease, which takes all addresses off the link
 * where the router does not answer a ping.
 */
const ANSWER_MS = 15_000;

/**
 * Lets DHCP clients go on with another link: what a renewal brings is put there then. The lease is not released, and the same address is asked for. A
 * client that serves the link already, by its name, is left running. dhclient is started again otherwise, with the same arguments but for the link's
 * name, in a session of its own and in the control group that it was in; the one before stands still meanwhile, is killed when the new one has the
 * lease, and goes on when it gets none. May be called again at any time.
 *
 * Rejects with `DEFECT` where a client did not start, and with the signal's reason; what was before goes on then.
 */
export async function handOverDhcpClients(
  clients: readonly DhcpClient[],
  links: Links,
  means: HandOverMeans,
  signal: AbortSignal,
): Promise<readonly DhcpHandOver[]> {
  const results: DhcpHandOver[] = [];
  for (const client of clients) {
    signal.throwIfAborted();
    results.push(await handOver(client, links, means, signal));
  }
  return results;
}

async function handOver(
  client: DhcpClient,
  links: Links,
  means: HandOverMeans,
  signal: AbortSignal,
): Promise<DhcpHandOver> {
  const { from, to } = links;
  const old = from.name === to.name ? undefined : await findClient(client, from.name, links);
  const present = await findClient(client, to.name, links);
  if (present !== undefined) {
    // Beside one that serves the new link it would put the address back on the old one (F-60).
    if (old !== undefined) killClient(old);
    resumeClient(present);
    return { result: 'kept', client, pid: present.pid };
  }
  const refusal = (old === undefined ? null : refuseDhcpHandOver(old, from.name, to.name)) ?? refuseDhcpStart(client);
  if (refusal !== null) return { result: 'refused', client, refusal };
  const origin = originOf(old?.pid ?? null);
  if (origin === 'other-root') {
    const text = `${client.program} (pid ${old?.pid}) runs in a container`;
    return { result: 'refused', client, refusal: { reason: 'other-root', text } };
  }
  if (old !== undefined) pauseClient(old);
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    const pid = await startFor(client, links, origin, means, AbortSignal.any([signal, late]));
    if (old !== undefined) killClient(old);
    return { result: 'restarted', client, pid };
  } catch (error) {
    const tried = await findClient(client, to.name, links);
    if (tried !== undefined) killClient(tried);
    if (old !== undefined) resumeClient(old);
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    const text = `no DHCP server has answered ${client.program} on ${to.name} in ${ANSWER_MS / 1000} s`;
    return { result: 'refused', client, refusal: { reason: 'no-answer', text } };
  }
}

/** Starts a client for the link; resolves with its pid when it has its lease, which the address then lasts for. */
async function startFor(
  client: DhcpClient,
  links: Links,
  origin: Origin,
  { netlink }: HandOverMeans,
  signal: AbortSignal,
): Promise<number> {
  const { from, to } = links;
  // Without it the client asks as one that never had an address; the server most often gives it the same.
  if (client.leaseFile !== null) await copyDhclientLease(client.leaseFile, from.name, to.name).catch(() => false);
  // With -nw it would go to the background at once, and whether a server answers could not be known in time.
  const argv = client.argv.filter(word => word !== '-nw').map(word => (word === client.link ? to.name : word));
  await startProgram(argv, origin, signal);
  const started = await findClient(client, to.name, links);
  if (started === undefined) throw notStarted(argv, 'it has ended again');
  joinControlGroup(origin.controlGroup, started.pid);
  if (client.leaseFile !== null) await extendAddress(client.leaseFile, to, netlink);
  return started.pid;
}

/** Also one that stands still: a run that was killed has left it so. */
async function findClient(client: DhcpClient, link: string, { from, to }: Links): Promise<DhcpClient | undefined> {
  const isSame = (one: DhcpClient) => one.program === client.program && one.family === client.family;
  return (await readDhcpClients([from, to], { withStopped: true })).find(one => isSame(one) && one.link === link);
}

/**
 * Gives the address the lifetime of the new lease. dhclient's script only adds what is missing when it begins with a link, so that the address would
 * still end with the lease from before; at worst just then when the next renewal is due, and the routes with it.
 */
async function extendAddress(leaseFile: string, to: LinkRef, netlink: HandOverMeans['netlink']): Promise<void> {
  const lease = (await readDhclientLeases(leaseFile)).findLast(one => one.link === to.name);
  if (lease?.expiresAtMs == null) return;
  const validS = Math.floor((lease.expiresAtMs - Date.now()) / 1000);
  const held = (await netlink.addresses({ family: 4, linkIndex: to.index })).find(one => one.local === lease.address);
  if (held?.validLifetimeS == null || validS <= held.validLifetimeS) return;
  await netlink.addAddress({ ...held, validLifetimeS: validS, preferredLifetimeS: validS }, 'replace');
}
