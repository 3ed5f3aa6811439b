import { MessageWriter } from './message-writer.ts';
import type { NetlinkRequest } from './request.ts';
import {
  forEachAttribute,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  NLMSG_HEADER,
  readString,
  type Wire,
} from './wire.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFGENMSG = 4;
const NFPROTO_NETDEV = 5;

const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_DELCHAIN = 5;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_HOOK_DEV = 3;
const NFTA_HOOK_DEVS = 4;
const NFTA_DEVICE_NAME = 1;

const NF_NETDEV_INGRESS = 0;
/** After any other ingress chain of an administrator at priority 0, so that his counters and redirects still see the packet. */
const PRIORITY = 10;

/** A chain as far as it matters here. */
export interface IngressChain {
  readonly table: string;
  readonly name: string;
  /** Devices that the hook is bound to; empty when the device went away. */
  readonly devices: readonly string[];
  /** NF_DROP 0, NF_ACCEPT 1; null for a chain without a hook. */
  readonly policy: number | null;
}

function nfgenmsg(family: number, resource = 0): MessageWriter {
  return new MessageWriter().header(NFGENMSG, (view, at) => {
    view.setUint8(at, family);
    view.setUint16(at + 2, resource, false);
  });
}

function message(what: string, object: string, type: number, flags: number, payload: Uint8Array): NetlinkRequest {
  return { what, object, type: (NFNL_SUBSYS_NFTABLES << 8) | type, flags: flags | NLM_F_REQUEST, payload };
}

function mark(type: number): NetlinkRequest {
  const payload = nfgenmsg(0, NFNL_SUBSYS_NFTABLES).finish();
  return { what: 'nf_tables transaction', object: 'batch', type, flags: NLM_F_REQUEST, payload };
}

/** Wraps messages into one transaction: all of them happen or none. */
export function transactionOf(messages: readonly NetlinkRequest[]): NetlinkRequest[] {
  return [mark(NFNL_MSG_BATCH_BEGIN), ...messages, mark(NFNL_MSG_BATCH_END)];
}

/** Makes the table unless it is there. */
export function newTable(table: string): NetlinkRequest {
  const payload = nfgenmsg(NFPROTO_NETDEV).string(NFTA_TABLE_NAME, table).finish();
  return message('cannot create nf_tables table', table, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, payload);
}

/** Deletes the table with all its chains. */
export function deleteTable(table: string): NetlinkRequest {
  const payload = nfgenmsg(NFPROTO_NETDEV).string(NFTA_TABLE_NAME, table).finish();
  return message('cannot delete nf_tables table', table, NFT_MSG_DELTABLE, NLM_F_ACK, payload);
}

/** Makes an ingress chain on a device that drops (NF_DROP) or accepts (NF_ACCEPT) everything. */
export function newChain(table: string, chain: string, device: string, policy: number): NetlinkRequest {
  const payload = nfgenmsg(NFPROTO_NETDEV)
    .string(NFTA_CHAIN_TABLE, table)
    .string(NFTA_CHAIN_NAME, chain)
    .nested(NFTA_CHAIN_HOOK, hook =>
      hook
        .u32be(NFTA_HOOK_HOOKNUM, NF_NETDEV_INGRESS)
        .u32be(NFTA_HOOK_PRIORITY, PRIORITY)
        .string(NFTA_HOOK_DEV, device),
    )
    .u32be(NFTA_CHAIN_POLICY, policy)
    .string(NFTA_CHAIN_TYPE, 'filter')
    .finish();
  return message('cannot create nf_tables ingress chain', device, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, payload);
}

/** Changes the policy of a chain that is there; it takes effect with its transaction. */
export function setPolicy(table: string, chain: string, policy: number): NetlinkRequest {
  const payload = nfgenmsg(NFPROTO_NETDEV)
    .string(NFTA_CHAIN_TABLE, table)
    .string(NFTA_CHAIN_NAME, chain)
    .u32be(NFTA_CHAIN_POLICY, policy)
    .finish();
  return message('cannot change nf_tables policy', chain, NFT_MSG_NEWCHAIN, NLM_F_ACK, payload);
}

/** Deletes a chain. */
export function deleteChain(table: string, chain: string): NetlinkRequest {
  const payload = nfgenmsg(NFPROTO_NETDEV).string(NFTA_CHAIN_TABLE, table).string(NFTA_CHAIN_NAME, chain).finish();
  return message('cannot delete nf_tables chain', chain, NFT_MSG_DELCHAIN, NLM_F_ACK, payload);
}

/** Type and payload of a dump of all netdev chains. */
export function chainDump(): { readonly type: number; readonly payload: Uint8Array } {
  return { type: (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETCHAIN, payload: nfgenmsg(NFPROTO_NETDEV).finish() };
}

/** Decodes NFT_MSG_NEWCHAIN; undefined for other messages. Throws NETLINK_MALFORMED. */
export function decodeChain(wire: Wire, type: number, at: number, end: number): IngressChain | undefined {
  if (type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN)) return undefined;
  let table = '';
  let name = '';
  let policy: number | null = null;
  const devices: string[] = [];
  forEachAttribute(wire, at + NLMSG_HEADER + NFGENMSG, end, (attribute, offset, length) => {
    if (attribute === NFTA_CHAIN_TABLE) table = readString(wire, offset, length);
    else if (attribute === NFTA_CHAIN_NAME) name = readString(wire, offset, length);
    else if (attribute === NFTA_CHAIN_POLICY) policy = wire.u8[offset + 3]!;
    else if (attribute === NFTA_CHAIN_HOOK) readDevices(wire, offset, length, devices);
  });
  return { table, name, devices, policy };
}

function readDevices(wire: Wire, offset: number, length: number, devices: string[]): void {
  forEachAttribute(wire, offset, offset + length, (type, at, size) => {
    if (type === NFTA_HOOK_DEV) devices.push(readString(wire, at, size));
    else if (type === NFTA_HOOK_DEVS) {
      forEachAttribute(wire, at, at + size, (device, start, bytes) => {
        if (device === NFTA_DEVICE_NAME) devices.push(readString(wire, start, bytes));
      });
    }
  });
  // A chain with one device is shown in both attributes by some kernels.
  devices.splice(0, devices.length, ...new Set(devices));
}
