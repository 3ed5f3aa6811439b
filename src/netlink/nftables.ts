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
 * Drops on the ingress of links. With a userspace datapath the kernel hears what the datapath hears, and both would answer; packet
 * sockets, which such a datapath reads from, still get every packet. Everything rejects with UNSUPPORTED (no nf_tables) or NETLINK_REFUSED.
 *
 * Keep one open for as long as there is traffic to care for: closing it after a change waits for the kernel to free what was
 * removed, 8 to 22 ms in which nothing else of this process runs (nft_rcv_nl_event).
 */
export interface IngressDrops extends AsyncDisposable {
  /**
   * Names of the links that have a drop of ours, also where the link itself is gone: it would bind again to one that takes the name (6.16). Also of
   * one that a move left half-way when its process was killed: it lets everything pass, but must go like the others.
   */
  list(): Promise<readonly string[]>;
  /** True when packets that come in on the link are dropped by us: there is such a link, and a chain bound to that name. */
  has(linkName: string): Promise<boolean>;
  /**
   * Drops every packet that comes in on a link, before the kernel's own stack sees it. Idempotent, one transaction. Rejects with
   * LINK_GONE, too.
   *
   * **Rename first, then add.** Since 6.16 the kernel binds a hook to the name, not to the link: a renamed link passes
   * packets again, and whoever takes the old name, a host port say, is dropped instead. Chains of ours that wait for a name
   * which no link has are therefore deleted here.
   */
  add(linkName: string): Promise<void>;
  /** Takes the drop of one link away, or all of ours without a name; the table goes with the last chain. Idempotent. */
  remove(linkName?: string): Promise<void>;
  /**
   * Moves the drop from one link to another so that at every moment at least one of the two is heard. Both chains stand
   * beforehand. Without `between` one transaction changes both policies; with it both links are heard until it resolves.
   */
  move(from: string, to: string, between?: () => Promise<void>): Promise<void>;
}

/** Opens the sockets. Throws NETLINK_REFUSED where the kernel has no nf_tables. */
export function openIngressDrops(options: NftablesOptions = {}): IngressDrops {
  const path = options.netnsPath;
  const netns = path === undefined ? undefined : { fd: openNetns(path), path };
  const open: RawSocket[] = [];
  const close = (): void => {
    for (const socket of open) socket.close();
  };
  try {
    for (const label of ['nf_tables requests', 'nf_tables dumps']) {
      open.push(openNetlinkSocket({ protocol: NETLINK_NETFILTER, label, netns }));
    }
  } catch (error) {
    close();
    throw error;
  } finally {
    if (netns !== undefined) closeSync(netns.fd);
  }
  const socket = open[0]!;
  const dumper = new Dumper(open[1]!);

  return {
    async list() {
      return (await ownChains(dumper))
        .filter(chain => chain.name.startsWith(CHAIN_PREFIX))
        .map(chain => chain.name.slice(CHAIN_PREFIX.length));
    },
    async has(linkName) {
      if (!(await linkNames(options)).has(linkName)) return false;
      return (await ownChains(dumper)).some(chain => isDropOn(chain, linkName));
    },
    async add(linkName) {
      const names = await linkNames(options);
      if (!names.has(linkName)) throw uplinkError('LINK_GONE', { what: 'cannot drop what comes in', object: linkName });
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
    },
    async remove(linkName) {
      const chains = await ownChains(dumper);
      const isMeant = (chain: IngressChain) =>
        linkName === undefined || chain.name === chainName(linkName) || chain.devices.includes(linkName);
      const meant = chains.filter(isMeant);
      if (meant.length === chains.length) transact(socket, [deleteTable(INGRESS_DROP_TABLE)], ENOENT);
      else if (meant.length > 0) {
        const deletions = meant.map(chain => deleteChain(INGRESS_DROP_TABLE, chain.name));
        transact(socket, deletions, ENOENT);
      }
    },
    async move(from, to, between) {
      const chains = await ownChains(dumper);
      if (!chains.some(chain => chain.name === chainName(from))) {
        throw uplinkError('NETLINK_REFUSED', {
          what: 'there is no drop to hand over',
          object: from,
          errno: ENOENT,
          errnoName: 'ENOENT',
          advice: 'somebody flushed nf_tables; see `nft list ruleset`',
        });
      }
      const stale = chains.filter(chain => chain.name === chainName(to));
      transact(socket, [
        newTable(INGRESS_DROP_TABLE),
        ...stale.map(chain => deleteChain(INGRESS_DROP_TABLE, chain.name)),
        newChain(INGRESS_DROP_TABLE, chainName(to), to, NF_ACCEPT),
      ]);
      const listen = setPolicy(INGRESS_DROP_TABLE, chainName(from), NF_ACCEPT);
      const silence = setPolicy(INGRESS_DROP_TABLE, chainName(to), NF_DROP);
      if (between === undefined) transact(socket, [listen, silence]);
      else {
        transact(socket, [listen]);
        await between();
        transact(socket, [silence]);
      }
      transact(socket, [deleteChain(INGRESS_DROP_TABLE, chainName(from))], ENOENT);
    },
    async [Symbol.asyncDispose]() {
      await dumper.close();
      close();
    },
  };
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
