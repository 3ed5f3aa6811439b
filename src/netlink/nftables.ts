import { closeSync } from 'node:fs';
import { uplinkError } from '../errors.ts';
import { Dumper, dumpRequest } from './dump.ts';
import { ENOENT, EOPNOTSUPP } from './errno.ts';
import { requestTransaction } from './exchange.ts';
import { NETLINK_NETFILTER, openNetlinkSocket } from './netlink-socket.ts';
import { openNetns } from './netns.ts';
import {
  chainDump,
  decodeChain,
  deleteChain,
  deleteTable,
  type IngressChain,
  newChain,
  newTable,
  setPolicy,
  transactionOf,
} from './nftables-codec.ts';
import { openNetlink } from './open-netlink.ts';
import { type NetlinkRequest, refused } from './request.ts';
import type { RawSocket } from './socket.ts';
import { NLM_F_ACK } from './wire.ts';

/** The netdev table that holds our chains and nothing else; seen with `nft list table netdev ovs_uplink`. */
export const INGRESS_DROP_TABLE = 'ovs_uplink';
const NF_DROP = 0;
const NF_ACCEPT = 1;
const CHAIN_PREFIX = 'drop-';

/** Where to work. */
export interface NftablesOptions {
  /** The present namespace when left out. */
  readonly netnsPath?: string;
}

/**
 * Makes the kernel drop every packet that comes in on a link, before its own stack sees it: with a userspace datapath
 * both would answer otherwise. Packet sockets, which such a datapath reads from, still get every packet. Idempotent, one
 * transaction. Rejects with LINK_GONE, UNSUPPORTED (no nf_tables), NETLINK_REFUSED.
 *
 * **Rename first, then add.** Since 6.16 the kernel binds a hook to the name, not to the link: a renamed link passes
 * packets again, and whoever takes the old name, a host port say, is dropped instead. Chains of ours that wait for a name
 * which no link has are therefore deleted here.
 */
export async function addIngressDrop(linkName: string, options: NftablesOptions = {}): Promise<void> {
  const names = await linkNames(options);
  if (!names.has(linkName)) throw uplinkError('LINK_GONE', { what: 'cannot drop what comes in', object: linkName });
  await withSocket(options, async (socket, dumper) => {
    const chains = await ownChains(dumper);
    const waiting = chains.filter(chain => chain.devices.every(device => !names.has(device)));
    const messages = waiting.map(chain => deleteChain(INGRESS_DROP_TABLE, chain.name));
    if (!chains.some(chain => isDropOn(chain, linkName))) {
      const name = chainName(linkName);
      if (chains.some(chain => chain.name === name && !waiting.includes(chain)))
        messages.push(deleteChain(INGRESS_DROP_TABLE, name));
      messages.push(newChain(INGRESS_DROP_TABLE, name, linkName, NF_DROP));
    }
    if (messages.length > 0) transact(socket, [newTable(INGRESS_DROP_TABLE), ...messages]);
  });
}

/** Takes the drop of one link away, or all of ours without a name; the table goes with the last chain. Idempotent. */
export async function removeIngressDrop(linkName?: string, options: NftablesOptions = {}): Promise<void> {
  await withSocket(options, async (socket, dumper) => {
    const chains = await ownChains(dumper);
    const isMeant = (chain: IngressChain) =>
      linkName === undefined || chain.name === chainName(linkName) || chain.devices.includes(linkName);
    const meant = chains.filter(isMeant);
    if (meant.length === chains.length) transact(socket, [deleteTable(INGRESS_DROP_TABLE)], ENOENT);
    else if (meant.length > 0)
      transact(
        socket,
        meant.map(chain => deleteChain(INGRESS_DROP_TABLE, chain.name)),
        ENOENT,
      );
  });
}

/** True when packets that come in on the link are dropped by us: there is such a link, and a chain bound to that name. */
export async function hasIngressDrop(linkName: string, options: NftablesOptions = {}): Promise<boolean> {
  if (!(await linkNames(options)).has(linkName)) return false;
  return await withSocket(options, async (_socket, dumper) => {
    return (await ownChains(dumper)).some(chain => isDropOn(chain, linkName));
  });
}

/** Names of the links whose drop is in place, also where the link itself is gone: it would bind again to one that takes the name (6.16). */
export async function ingressDrops(options: NftablesOptions = {}): Promise<readonly string[]> {
  return await withSocket(options, async (_socket, dumper) =>
    (await ownChains(dumper))
      .filter(chain => chain.policy === NF_DROP && chain.name.startsWith(CHAIN_PREFIX))
      .map(chain => chain.name.slice(CHAIN_PREFIX.length)),
  );
}

/**
 * Moves the drop from one link to another so that at every moment one of the two is heard: both chains stand beforehand, and one
 * transaction changes both policies, first the one that begins to listen. `from` must have a drop. Rejects as {@link addIngressDrop}.
 */
export async function moveIngressDrop(from: string, to: string, options: NftablesOptions = {}): Promise<void> {
  await withSocket(options, async (socket, dumper) => {
    const chains = await ownChains(dumper);
    const stale = chains
      .filter(chain => chain.name === chainName(to))
      .map(chain => deleteChain(INGRESS_DROP_TABLE, chain.name));
    transact(socket, [
      newTable(INGRESS_DROP_TABLE),
      ...stale,
      newChain(INGRESS_DROP_TABLE, chainName(to), to, NF_ACCEPT),
    ]);
    transact(socket, [
      setPolicy(INGRESS_DROP_TABLE, chainName(from), NF_ACCEPT),
      setPolicy(INGRESS_DROP_TABLE, chainName(to), NF_DROP),
    ]);
    transact(socket, [deleteChain(INGRESS_DROP_TABLE, chainName(from))], ENOENT);
  });
}

function chainName(linkName: string): string {
  return CHAIN_PREFIX + linkName;
}

function isDropOn(chain: IngressChain, linkName: string): boolean {
  return chain.policy === NF_DROP && chain.devices.includes(linkName);
}

async function linkNames(options: NftablesOptions): Promise<ReadonlySet<string>> {
  await using netlink = openNetlink(options);
  return new Set((await netlink.links()).map(link => link.name));
}

async function ownChains(dumper: Dumper): Promise<IngressChain[]> {
  const { type, payload } = chainDump();
  const chains = await dumper.dump(dumpRequest('nf_tables chains', type, payload), () => {
    const list: IngressChain[] = [];
    return {
      message(wire, messageType, at, end) {
        const chain = decodeChain(wire, messageType, at, end);
        if (chain !== undefined) list.push(chain);
      },
      result: () => list,
    };
  });
  return chains.filter(chain => chain.table === INGRESS_DROP_TABLE);
}

/** Runs one transaction; an errno in `tolerated` counts as done. */
function transact(socket: RawSocket, messages: readonly NetlinkRequest[], ...tolerated: readonly number[]): void {
  const acks = requestTransaction(socket, transactionOf(messages), request => (request.flags & NLM_F_ACK) !== 0);
  for (const [request, ack] of acks) {
    if (ack.errno === 0 || tolerated.includes(ack.errno)) continue;
    if (ack.errno === EOPNOTSUPP) throw uplinkError('UNSUPPORTED', unsupported(request));
    throw refused(request, ack);
  }
}

function unsupported(request: NetlinkRequest) {
  return {
    what: request.what,
    object: request.object,
    got: 'EOPNOTSUPP',
    advice: 'this kernel lacks nf_tables with netdev chains (CONFIG_NF_TABLES_NETDEV)',
  };
}

async function withSocket<T>(
  options: NftablesOptions,
  action: (socket: RawSocket, dumper: Dumper) => Promise<T>,
): Promise<T> {
  const path = options.netnsPath;
  const netns = path === undefined ? undefined : { fd: openNetns(path), path };
  const open: RawSocket[] = [];
  try {
    for (const label of ['nf_tables requests', 'nf_tables dumps']) {
      open.push(openNetlinkSocket({ protocol: NETLINK_NETFILTER, label, netns }));
    }
    return await action(open[0]!, new Dumper(open[1]!));
  } finally {
    for (const socket of open) socket.close();
    if (netns !== undefined) closeSync(netns.fd);
  }
}
