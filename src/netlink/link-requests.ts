import { IFF_PROMISC, IFF_UP, MAX_LINK_NAME_LENGTH } from '../domain/link.ts';
import { macBytes } from './ip-text.ts';
import {
  IFINFOMSG,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_ALT_IFNAME,
  IFLA_EXT_MASK,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_NET_NS_FD,
  IFLA_NET_NS_PID,
  IFLA_NEW_IFINDEX,
  IFLA_PROP_LIST,
  IFLA_TXQLEN,
  LINK_EXT_MASK,
  VETH_INFO_PEER,
} from './link-attributes.ts';
import { MessageWriter } from './message-writer.ts';
import { change, type NetlinkRequest } from './request.ts';
import { RTM_DELLINK, RTM_DELLINKPROP, RTM_GETLINK, RTM_NEWLINK, RTM_NEWLINKPROP } from './rtnetlink.ts';
import { AF_INET6, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from './wire.ts';

/** What may be changed of a link, all in one RTM_NEWLINK; what is left out stays as it is. */
export interface LinkChange {
  readonly name?: string;
  readonly up?: boolean;
  /** IFF_PROMISC as a program asks for it. */
  readonly promiscuous?: boolean;
  /** Bytes. */
  readonly mtu?: number;
  readonly mac?: string;
  /** An empty string takes it away. */
  readonly alias?: string;
  readonly group?: number;
  readonly txQueueLength?: number;
  /** ifindex of the new master; null releases the link. */
  readonly master?: number | null;
  /** Moves the link into the namespace of this descriptor. The kernel moves first: a later failure leaves it moved. */
  readonly netnsFd?: number;
  /** Moves the link into the namespace of this process. */
  readonly netnsPid?: number;
  /** With a namespace: the ifindex that it is to have there. EBUSY where another has it, before anything has moved. */
  readonly newIndex?: number;
  /** IN6_ADDR_GEN_MODE_*: 0 EUI-64, 1 none, 2 stable privacy, 3 random. */
  readonly addrGenMode?: number;
}

const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;

/** A link to make: for tests and laboratories. */
export type LinkSpec = {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  readonly netnsFd?: number;
} & (
  | { readonly kind: 'bridge' | 'ifb' | 'dummy' }
  | { readonly kind: 'macvlan'; readonly lower: number; readonly mode: keyof typeof MACVLAN_MODES }
  | {
      readonly kind: 'veth';
      readonly peer: { readonly name: string; readonly mac?: string; readonly netnsFd?: number };
    }
);

function ifinfo(index: number, flags = 0, mask = 0): MessageWriter {
  return new MessageWriter().header(IFINFOMSG, (view, at, le) => {
    view.setInt32(at + 4, index, le);
    view.setUint32(at + 8, flags, le);
    view.setUint32(at + 12, mask, le);
  });
}

/** Builds the request of `setLink`. */
export function setLinkRequest(index: number, changes: LinkChange): NetlinkRequest {
  const flag = (bit: number, wanted: boolean | undefined): { bits: number; mask: number } =>
    wanted === undefined ? { bits: 0, mask: 0 } : { bits: wanted ? bit : 0, mask: bit };
  const up = flag(IFF_UP, changes.up);
  const promiscuous = flag(IFF_PROMISC, changes.promiscuous);
  const writer = ifinfo(index, up.bits | promiscuous.bits, up.mask | promiscuous.mask);
  if (changes.netnsFd !== undefined) writer.u32(IFLA_NET_NS_FD, changes.netnsFd);
  if (changes.netnsPid !== undefined) writer.u32(IFLA_NET_NS_PID, changes.netnsPid);
  if (changes.newIndex !== undefined) writer.u32(IFLA_NEW_IFINDEX, changes.newIndex);
  if (changes.name !== undefined) writer.string(IFLA_IFNAME, changes.name);
  if (changes.mtu !== undefined) writer.u32(IFLA_MTU, changes.mtu);
  if (changes.mac !== undefined) writer.bytes(IFLA_ADDRESS, macBytes(changes.mac));
  if (changes.alias !== undefined) writer.string(IFLA_IFALIAS, changes.alias);
  if (changes.group !== undefined) writer.u32(IFLA_GROUP, changes.group);
  if (changes.txQueueLength !== undefined) writer.u32(IFLA_TXQLEN, changes.txQueueLength);
  if (changes.master !== undefined) writer.u32(IFLA_MASTER, changes.master ?? 0);
  const mode = changes.addrGenMode;
  if (mode !== undefined) {
    writer.nested(IFLA_AF_SPEC, spec => spec.nested(AF_INET6, inet6 => inet6.u8(IFLA_INET6_ADDR_GEN_MODE, mode)));
  }
  const said = Object.entries(changes).map(([key, value]) => `${key} ${value}`);
  return change(`cannot set ${said.join(', ')}`, `link ${index}`, RTM_NEWLINK, 0, writer.finish());
}

/** Builds the request of `deleteLink`. */
export function deleteLinkRequest(index: number): NetlinkRequest {
  return change('cannot delete link', `link ${index}`, RTM_DELLINK, 0, ifinfo(index).finish());
}

/** Builds the request of `createLink`. */
export function createLinkRequest(spec: LinkSpec): NetlinkRequest {
  const writer = ifinfo(0).string(IFLA_IFNAME, spec.name);
  if (spec.mtu !== undefined) writer.u32(IFLA_MTU, spec.mtu);
  if (spec.mac !== undefined) writer.bytes(IFLA_ADDRESS, macBytes(spec.mac));
  if (spec.netnsFd !== undefined) writer.u32(IFLA_NET_NS_FD, spec.netnsFd);
  if (spec.kind === 'macvlan') writer.u32(IFLA_LINK, spec.lower);
  writer.nested(IFLA_LINKINFO, info => {
    info.string(IFLA_INFO_KIND, spec.kind);
    if (spec.kind === 'macvlan') {
      info.nested(IFLA_INFO_DATA, data => data.u32(IFLA_MACVLAN_MODE, MACVLAN_MODES[spec.mode]));
    } else if (spec.kind === 'veth') {
      info.nested(IFLA_INFO_DATA, data => data.nested(VETH_INFO_PEER, peer => writePeer(peer, spec.peer)));
    }
  });
  return change(`cannot create ${spec.kind} link`, spec.name, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, writer.finish());
}

function writePeer(writer: MessageWriter, peer: Extract<LinkSpec, { kind: 'veth' }>['peer']): void {
  writer.header(IFINFOMSG, () => undefined).string(IFLA_IFNAME, peer.name);
  if (peer.mac !== undefined) writer.bytes(IFLA_ADDRESS, macBytes(peer.mac));
  if (peer.netnsFd !== undefined) writer.u32(IFLA_NET_NS_FD, peer.netnsFd);
}

/** Builds the request of `addAltname`. */
export function addAltnameRequest(index: number, altname: string): NetlinkRequest {
  const flags = NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND;
  return change(`cannot add altname ${altname}`, `link ${index}`, RTM_NEWLINKPROP, flags, altnames(index, altname));
}

/** Builds the request of `removeAltname`. */
export function removeAltnameRequest(index: number, altname: string): NetlinkRequest {
  return change(`cannot remove altname ${altname}`, `link ${index}`, RTM_DELLINKPROP, 0, altnames(index, altname));
}

function altnames(index: number, altname: string): Uint8Array {
  return ifinfo(index)
    .nested(IFLA_PROP_LIST, list => list.string(IFLA_ALT_IFNAME, altname))
    .finish();
}

/** Asks for one link by ifindex, or by name or altname; the answer is RTM_NEWLINK or an error. */
export function getLinkRequest(target: number | string): NetlinkRequest {
  const writer = ifinfo(typeof target === 'number' ? target : 0).u32(IFLA_EXT_MASK, LINK_EXT_MASK);
  if (typeof target === 'string') {
    writer.string(target.length > MAX_LINK_NAME_LENGTH ? IFLA_ALT_IFNAME : IFLA_IFNAME, target);
  }
  const object = typeof target === 'number' ? `link ${target}` : target;
  return { what: 'cannot look link up', object, type: RTM_GETLINK, flags: NLM_F_REQUEST, payload: writer.finish() };
}

/** Family header and attributes of a dump of all links. */
export function linkDumpPayload(): Uint8Array {
  return ifinfo(0).u32(IFLA_EXT_MASK, LINK_EXT_MASK).finish();
}
