import type { Neighbour } from '../domain/neighbour.ts';
import { ipBytes, ipText, macBytes, macText } from './ip-text.ts';
import { MessageWriter } from './message-writer.ts';
import { change, type NetlinkRequest } from './request.ts';
import { afOf, familyOfAf, RTM_DELNEIGH, RTM_NEWNEIGH } from './rtnetlink.ts';
import {
  forEachAttribute,
  malformed,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  NLMSG_HEADER,
  needLength,
  readU8,
  readU32,
  type Wire,
} from './wire.ts';

const NDMSG = 12;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_IFINDEX = 8;
const NDA_PROTOCOL = 12;
const NDA_FLAGS_EXT = 15;

/** NTF_USE: look the neighbour up as if a packet were to be sent. */
export const NTF_USE = 0x01;
/** NTF_PROXY: an address that this host answers for; kept in a table of its own. */
export const NTF_PROXY = 0x08;
/** NTF_OFFLOADED: set by drivers only. */
const NTF_OFFLOADED = 0x20;

/** Decodes RTM_NEWNEIGH or RTM_DELNEIGH; undefined for bridge forwarding entries and other families. Throws NETLINK_MALFORMED. */
export function decodeNeighbour(wire: Wire, at: number, end: number): Neighbour | undefined {
  const body = at + NLMSG_HEADER;
  needLength('neighbour', end - body, NDMSG);
  const family = familyOfAf(wire.u8[body]!);
  if (family === undefined) return undefined;
  let address: string | null = null;
  let mac: string | null = null;
  let protocol: number | null = null;
  let extended = 0;
  forEachAttribute(wire, body + NDMSG, end, (type, offset, length) => {
    if (type === NDA_DST) {
      needLength('NDA_DST', length, family === 4 ? 4 : 16);
      address = ipText(family, wire.u8, offset);
    } else if (type === NDA_LLADDR) mac = macText(wire.u8, offset, length);
    else if (type === NDA_PROTOCOL) protocol = readU8(wire, offset, length);
    else if (type === NDA_FLAGS_EXT) extended = readU32(wire, offset, length);
  });
  const linkIndex = wire.i32[(body + 4) >> 2]!;
  if (address === null) throw malformed(`neighbour on link ${linkIndex}`, 'no NDA_DST');
  return {
    family,
    linkIndex,
    address,
    mac,
    state: wire.u16[(body + 8) >> 1]!,
    flags: wire.u8[body + 10]! | (extended << 8),
    protocol,
  };
}

function ndmsg(target: Pick<Neighbour, 'family' | 'linkIndex'>, state: number, flags: number): MessageWriter {
  return new MessageWriter().header(NDMSG, (view, at, le) => {
    view.setUint8(at, afOf(target.family));
    view.setInt32(at + 4, target.linkIndex, le);
    view.setUint16(at + 8, state, le);
    view.setUint8(at + 10, flags & 0xff);
  });
}

function nameOf(neighbour: Pick<Neighbour, 'address' | 'linkIndex'>): string {
  return `${neighbour.address} on link ${neighbour.linkIndex}`;
}

/** Builds the request of `setNeighbour`: makes the entry or replaces it. */
export function setNeighbourRequest(neighbour: Neighbour): NetlinkRequest {
  const writer = ndmsg(neighbour, neighbour.state, neighbour.flags & ~NTF_OFFLOADED);
  writer.bytes(NDA_DST, ipBytes(neighbour.address, neighbour.family));
  if (neighbour.mac !== null) writer.bytes(NDA_LLADDR, macBytes(neighbour.mac));
  if (neighbour.protocol !== null) writer.u8(NDA_PROTOCOL, neighbour.protocol);
  if (neighbour.flags > 0xff) writer.u32(NDA_FLAGS_EXT, neighbour.flags >>> 8);
  return change('cannot set neighbour', nameOf(neighbour), RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, writer.finish());
}

/** Builds the request of `removeNeighbour`; a proxy entry is looked for in the table of proxies. */
export function removeNeighbourRequest(
  neighbour: Pick<Neighbour, 'family' | 'linkIndex' | 'address' | 'flags'>,
): NetlinkRequest {
  const writer = ndmsg(neighbour, 0, neighbour.flags & NTF_PROXY).bytes(
    NDA_DST,
    ipBytes(neighbour.address, neighbour.family),
  );
  return change('cannot remove neighbour', nameOf(neighbour), RTM_DELNEIGH, 0, writer.finish());
}

/** Family header and filter of a neighbour dump. */
export function neighbourDumpPayload(linkIndex: number | undefined, proxies: boolean): Uint8Array {
  const writer = new MessageWriter().header(NDMSG, (view, at) => view.setUint8(at + 10, proxies ? NTF_PROXY : 0));
  if (linkIndex !== undefined) writer.u32(NDA_IFINDEX, linkIndex);
  return writer.finish();
}
