import { uplinkError } from '../errors.ts';

/**
 * One receive buffer seen through typed arrays. Netlink is in host byte order and 4-byte aligned (netlink(7)), so that
 * headers and most attributes are plain typed-array reads; DataView costs about 15 % more on big dumps.
 */
export interface Wire {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
}

/** Lays views over a buffer; its size must be a multiple of 4. */
export function wireOver(buffer: ArrayBuffer): Wire {
  return {
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
  };
}

export const NLMSG_HEADER = 16;
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

export const NLA_F_NESTED = 0x8000;
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
export const NLA_TYPE_MASK = 0x3fff;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;

/** True on every machine that Node runs on but s390x; decides how DataView writes host order. */
export const HOST_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Rounds up to netlink's 4-byte alignment. */
export function align4(length: number): number {
  return (length + 3) & ~3;
}

/** A message or attribute that contradicts its own lengths, or carries a value that cannot be. */
export function malformed(what: string, got: string): Error {
  return uplinkError('NETLINK_MALFORMED', {
    what: `cannot decode ${what}`,
    got,
    advice: 'report this with the kernel version',
  });
}

/** Called for each attribute with the type (flags masked off), the payload's offset and its length. */
export type AttributeVisitor = (type: number, offset: number, length: number) => void;

/** Walks the attributes between two offsets; throws NETLINK_MALFORMED when one overruns its container. */
export function forEachAttribute(wire: Wire, start: number, end: number, visit: AttributeVisitor): void {
  let at = start;
  while (at + 4 <= end) {
    const length = wire.u16[at >> 1]!;
    if (length < 4 || at + length > end) {
      throw malformed('netlink attribute', `length ${length} where ${end - at} bytes are left`);
    }
    visit(wire.u16[(at >> 1) + 1]! & NLA_TYPE_MASK, at + 4, length - 4);
    at += (length + 3) & ~3;
  }
}

/** Throws NETLINK_MALFORMED unless an attribute has at least the size that its type needs. */
export function needLength(what: string, length: number, atLeast: number): void {
  if (length < atLeast) throw malformed(what, `${length} bytes, at least ${atLeast} needed`);
}

/** Reads a u32 attribute in host order. */
export function readU32(wire: Wire, offset: number, length: number): number {
  needLength('32-bit attribute', length, 4);
  return wire.u32[offset >> 2]!;
}

/** Reads a u8 attribute. */
export function readU8(wire: Wire, offset: number, length: number): number {
  needLength('8-bit attribute', length, 1);
  return wire.u8[offset]!;
}

/** Reads a u64 attribute as a number; exact to 2^53. The payload may lie on a 4-byte boundary only. */
export function readU64(wire: Wire, offset: number, length: number): number {
  needLength('64-bit attribute', length, 8);
  const first = wire.u32[offset >> 2]!;
  const second = wire.u32[(offset >> 2) + 1]!;
  return HOST_IS_LITTLE_ENDIAN ? first + second * 2 ** 32 : second + first * 2 ** 32;
}

const utf8 = new TextDecoder();

/** Reads a string attribute up to its first NUL; link names may be any bytes, so invalid UTF-8 is replaced. */
export function readString(wire: Wire, offset: number, length: number): string {
  let text = '';
  for (let i = offset; i < offset + length; i++) {
    const byte = wire.u8[i]!;
    if (byte === 0) return text;
    if (byte > 0x7f) {
      const nul = wire.u8.subarray(offset, offset + length).indexOf(0);
      return utf8.decode(wire.u8.subarray(offset, nul < 0 ? offset + length : offset + nul));
    }
    text += String.fromCharCode(byte);
  }
  return text;
}
