import { type Address, IFA_F_DADFAILED, IFA_F_TENTATIVE, isLinkLocal } from '../domain/address.ts';
import type { Link } from '../domain/link.ts';
import {
  type Neighbour,
  NUD_DELAY,
  NUD_FAILED,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_STALE,
} from '../domain/neighbour.ts';
import { uplinkError } from '../errors.ts';
import { neighbourSolicitationFrame } from './announce-frames.ts';
import type { NetlinkEvent } from './event.ts';
import { familyOf, ipBytes, ipText } from './ip-text.ts';
import { NTF_USE } from './neighbour-codec.ts';
import type { NetlinkSubscription } from './subscription.ts';

/** Whom to probe. */
export interface ProbeTarget {
  readonly linkIndex: number;
  readonly address: string;
}

/** What the kernel's neighbour discovery found. */
export interface ProbeResult {
  readonly reachable: boolean;
  /** The hardware address that answered; the last known one (or null) where nobody did. */
  readonly mac: string | null;
}

/** What a probe needs of a netlink client. */
export interface ProbeClient {
  neighbours(filter: { linkIndex: number }): Promise<Neighbour[]>;
  addresses(filter: { family: 6; linkIndex: number }): Promise<Address[]>;
  linkByIndex(index: number): Promise<Link | undefined>;
  setNeighbour(neighbour: Neighbour): Promise<void>;
  /** Sends an Ethernet frame out of a link. */
  sendFrame(link: Link, frame: Uint8Array): void;
  subscribe(groups: readonly ['neighbour'], listener: (event: NetlinkEvent) => void): NetlinkSubscription;
}

/** States in which the kernel holds a hardware address that it can ask by unicast. */
const KNOWN = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;

/** Length of `02:00:00:00:00:01`. */
const ETHERNET_MAC_TEXT = 17;
/** RETRANS_TIMER of RFC 4861 §10. */
const SOLICITATION_INTERVAL_MS = 1000;

/**
 * Makes the kernel ask for a neighbour (ARP or NDP) and waits for its verdict. A known entry is put to NUD_PROBE: three
 * unicast questions to the hardware address on file; if nobody answers, or nothing was known, three broadcast ones.
 * For IPv6 the kernel asks only from a link-local address that has passed DAD; where there is none yet (a new host port),
 * the questions are sent from here, from another address of the link, and the kernel takes the answer.
 * Resolves `reachable: false` when both fail or the time is over. Rejects with the signal's reason, with UNSUPPORTED for
 * permanent and NOARP entries (the kernel never asks for those; they must not be overwritten), with NETLINK_REFUSED.
 */
export async function probeNeighbour(
  client: ProbeClient,
  target: ProbeTarget,
  options: { readonly signal?: AbortSignal; readonly timeoutMs: number },
): Promise<ProbeResult> {
  options.signal?.throwIfAborted();
  const family = familyOf(target.address);
  const address = ipText(family, ipBytes(target.address), 0);
  const matches = (entry: Neighbour) => entry.linkIndex === target.linkIndex && entry.address === address;
  const look = async () => (await client.neighbours({ linkIndex: target.linkIndex })).find(matches);
  const entry = (state: number, flags: number): Neighbour => ({
    family,
    linkIndex: target.linkIndex,
    address,
    mac: null,
    state,
    flags,
    protocol: null,
  });

  const verdict = Promise.withResolvers<ProbeResult>();
  let isOver = false;
  let asking: 'nothing' | 'unicast' | 'broadcast' = 'nothing';
  let lastMac: string | null = null;
  let solicit: (() => void) | undefined;
  let again: NodeJS.Timeout | undefined;

  // As if a packet were to be sent: an entry without a hardware address is resolved by broadcast, from FAILED too.
  const askByBroadcast = async () => {
    asking = 'broadcast';
    await client.setNeighbour(entry(0, NTF_USE));
    solicit?.();
    const now = await look();
    if (now !== undefined && (now.state & NUD_REACHABLE) !== 0) verdict.resolve({ reachable: true, mac: now.mac });
  };
  const ask = async () => {
    solicit = family === 6 ? await createSolicitor(client, target.linkIndex, address) : undefined;
    const before = await look();
    // The time is over or the caller gave up meanwhile: change nothing any more.
    if (isOver) return;
    refuseFixed(before, address);
    if (solicit !== undefined) again = setInterval(solicit, SOLICITATION_INTERVAL_MS);
    if (before === undefined || (before.state & KNOWN) === 0) return await askByBroadcast();
    lastMac = before.mac;
    asking = 'unicast';
    await client.setNeighbour(entry(NUD_PROBE, 0));
    solicit?.();
  };
  const onChange = (neighbour: Neighbour) => {
    if (isOver) return;
    lastMac = neighbour.mac ?? lastMac;
    if ((neighbour.state & NUD_REACHABLE) !== 0) verdict.resolve({ reachable: true, mac: neighbour.mac });
    else if ((neighbour.state & NUD_FAILED) !== 0) {
      // The neighbour may have got another hardware address: a router fail-over.
      if (asking === 'unicast') askByBroadcast().catch(verdict.reject);
      else verdict.resolve({ reachable: false, mac: lastMac });
    }
  };
  const subscription = client.subscribe(['neighbour'], event => {
    if (asking === 'nothing') return;
    if (event.type === 'neighbour.changed' && matches(event.neighbour)) onChange(event.neighbour);
    else if (event.type === 'resync') look().then(now => now && onChange(now), verdict.reject);
  });
  const onAbort = () => verdict.reject(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => verdict.resolve({ reachable: false, mac: lastMac }), options.timeoutMs);
  try {
    // The verdict is awaited from the start: the time limit and the signal count while the dumps still wait, too.
    ask().catch(verdict.reject);
    return await verdict.promise;
  } finally {
    isOver = true;
    clearTimeout(timer);
    clearInterval(again);
    options.signal?.removeEventListener('abort', onAbort);
    subscription.close();
  }
}

/** Asks in the kernel's stead where it would stay silent; undefined where it asks by itself, or nobody can. */
async function createSolicitor(
  client: ProbeClient,
  linkIndex: number,
  target: string,
): Promise<(() => void) | undefined> {
  const usable = (await client.addresses({ family: 6, linkIndex })).filter(
    address => (address.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) === 0,
  );
  const source = usable[0]?.local;
  if (source === undefined || usable.some(isLinkLocal)) return undefined;
  const link = await client.linkByIndex(linkIndex);
  if (link?.mac?.length !== ETHERNET_MAC_TEXT) return undefined;
  const frame = neighbourSolicitationFrame(link.mac, source, target);
  return () => {
    try {
      client.sendFrame(link, frame);
    } catch {
      // The link is down or gone: then the kernel's verdict is the answer.
    }
  };
}

function refuseFixed(entry: Neighbour | undefined, address: string): void {
  if (entry === undefined || (entry.state & (NUD_PERMANENT | NUD_NOARP)) === 0) return;
  throw uplinkError('UNSUPPORTED', {
    what: 'cannot probe a neighbour',
    object: address,
    expected: 'an entry that neighbour discovery looks after',
    got: (entry.state & NUD_PERMANENT) !== 0 ? 'a permanent entry' : 'an entry without discovery (NOARP)',
    advice: 'probe something else behind it, by TCP',
  });
}
