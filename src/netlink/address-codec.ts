import {
  type Address,
  formatAddress,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
} from '../domain/address.ts';
import { ipBytes, ipText } from './ip-text.ts';
import { MessageWriter } from './message-writer.ts';
import { change, type NetlinkRequest } from './request.ts';
import { afOf, familyOfAf, RTM_DELADDR, RTM_NEWADDR } from './rtnetlink.ts';
import {
  forEachAttribute,
  malformed,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLMSG_HEADER,
  needLength,
  readString,
  readU8,
  readU32,
  type Wire,
} from './wire.ts';

const IFADDRMSG = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_RT_PRIORITY = 9;
const IFA_PROTO = 11;
const INFINITY_LIFE_TIME = 0xffffffff;

/** Bits that the kernel sets by itself. IFA_F_TEMPORARY is the same bit as IFA_F_SECONDARY. */
const KERNEL_OWNED = IFA_F_SECONDARY | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_PERMANENT;

/** Decodes RTM_NEWADDR or RTM_DELADDR; undefined for families other than IPv4 and IPv6. Throws NETLINK_MALFORMED. */
export function decodeAddress(wire: Wire, at: number, end: number): Address | undefined {
  const body = at + NLMSG_HEADER;
  needLength('address', end - body, IFADDRMSG);
  const family = familyOfAf(wire.u8[body]!);
  if (family === undefined) return undefined;
  const size = family === 4 ? 4 : 16;
  let address: string | null = null;
  let local: string | null = null;
  let broadcast: string | null = null;
  let label: string | null = null;
  let flags = wire.u8[body + 2]!;
  let metric: number | null = null;
  let protocol: number | null = null;
  let preferred = INFINITY_LIFE_TIME;
  let valid = INFINITY_LIFE_TIME;
  const ip = (offset: number, length: number) => {
    needLength('address', length, size);
    return ipText(family, wire.u8, offset);
  };
  forEachAttribute(wire, body + IFADDRMSG, end, (type, offset, length) => {
    if (type === IFA_ADDRESS) address = ip(offset, length);
    else if (type === IFA_LOCAL) local = ip(offset, length);
    else if (type === IFA_BROADCAST) broadcast = ip(offset, length);
    else if (type === IFA_LABEL) label = readString(wire, offset, length);
    else if (type === IFA_FLAGS) flags = readU32(wire, offset, length);
    else if (type === IFA_RT_PRIORITY) metric = readU32(wire, offset, length);
    else if (type === IFA_PROTO) protocol = readU8(wire, offset, length);
    else if (type === IFA_CACHEINFO) {
      preferred = readU32(wire, offset, length);
      valid = readU32(wire, offset + 4, length - 4);
    }
  });
  const own: string | null = local ?? address;
  if (own === null)
    throw malformed(`address on link ${wire.u32[(body + 4) >> 2]}`, 'neither IFA_LOCAL nor IFA_ADDRESS');
  return {
    family,
    linkIndex: wire.u32[(body + 4) >> 2]!,
    local: own,
    peer: address === own ? null : address,
    prefixLength: wire.u8[body + 1]!,
    broadcast,
    label,
    scope: wire.u8[body + 3]!,
    flags,
    metric,
    protocol,
    validLifetimeS: valid === INFINITY_LIFE_TIME ? null : valid,
    preferredLifetimeS: preferred === INFINITY_LIFE_TIME ? null : preferred,
  };
}

function ifaddr(address: Address): MessageWriter {
  const local = ipBytes(address.local, address.family);
  return new MessageWriter()
    .header(IFADDRMSG, (view, at, le) => {
      view.setUint8(at, afOf(address.family));
      view.setUint8(at + 1, address.prefixLength);
      view.setUint8(at + 3, address.scope);
      view.setUint32(at + 4, address.linkIndex, le);
    })
    .bytes(IFA_LOCAL, local)
    .bytes(IFA_ADDRESS, address.peer === null ? local : ipBytes(address.peer, address.family));
}

function nameOf(address: Address): string {
  return `${formatAddress(address)} on link ${address.linkIndex}`;
}

/** Builds the request of `addAddress`: everything but the bits and fields that the kernel owns. */
export function addAddressRequest(address: Address, mode: 'create' | 'replace'): NetlinkRequest {
  const writer = ifaddr(address);
  const flags = address.flags & ~KERNEL_OWNED;
  if (flags !== 0) writer.u32(IFA_FLAGS, flags);
  if (address.broadcast !== null) writer.bytes(IFA_BROADCAST, ipBytes(address.broadcast, address.family));
  if (address.label !== null && address.family === 4) writer.string(IFA_LABEL, address.label);
  if (address.metric !== null) writer.u32(IFA_RT_PRIORITY, address.metric);
  if (address.protocol !== null) writer.u8(IFA_PROTO, address.protocol);
  if (address.validLifetimeS !== null || address.preferredLifetimeS !== null) {
    writer.bytes(IFA_CACHEINFO, cacheinfo(address.preferredLifetimeS, address.validLifetimeS));
  }
  const how = mode === 'create' ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE | NLM_F_REPLACE;
  return change('cannot add address', nameOf(address), RTM_NEWADDR, how, writer.finish());
}

function cacheinfo(preferred: number | null, valid: number | null): Uint8Array {
  const words = new Uint32Array([preferred ?? INFINITY_LIFE_TIME, valid ?? INFINITY_LIFE_TIME, 0, 0]);
  return new Uint8Array(words.buffer);
}

/** Builds the request of `removeAddress`. Without the label: the kernel refuses a wrong one, and a rename rewrites labels (F-51). */
export function removeAddressRequest(address: Address): NetlinkRequest {
  return change('cannot remove address', nameOf(address), RTM_DELADDR, 0, ifaddr(address).finish());
}

/**
 * Family header of an address dump. Not filtered by link, though the kernel offers it: a filtered dump is never marked as
 * interrupted. Measured on 6.18 with 1000 addresses and another process adding and deleting one: whole dumps marked 2056
 * times of 2139, dumps by link 0 of 2190.
 */
export function addressDumpPayload(family: 4 | 6): Uint8Array {
  return new MessageWriter().header(IFADDRMSG, (view, at) => view.setUint8(at, afOf(family))).finish();
}
