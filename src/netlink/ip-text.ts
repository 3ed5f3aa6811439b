import { isIPv4, isIPv6 } from 'node:net';
import { uplinkError } from '../errors.ts';

/** Text of an IPv4 address at an offset. */
export function ipv4Text(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/**
 * Canonical text of an IPv6 address at an offset (RFC 5952): lower case, the longest run of two or more zero groups
 * shortened, the first one on a tie, and the last 32 bits in IPv4 form for mapped and compatible addresses, as
 * inet_ntop and hence `ip` print it.
 */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[at + i]! << 8) | bytes[at + i + 1]!);
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      bestStart = i;
      bestLength = length;
    }
    i += length;
  }
  const embedsIpv4 = bestStart === 0 && (bestLength === 6 || (bestLength === 5 && groups[5] === 0xffff));
  const end = embedsIpv4 ? 6 : 8;
  let text = '';
  for (let i = 0; i < end; ) {
    if (i === bestStart) {
      text += '::';
      i += bestLength;
      continue;
    }
    if (text !== '' && !text.endsWith(':')) text += ':';
    text += groups[i]!.toString(16);
    i++;
  }
  if (!embedsIpv4) return text;
  return `${text.endsWith(':') ? text : `${text}:`}${ipv4Text(bytes, at + 12)}`;
}

/** Text of an address of a family. */
export function ipText(family: 4 | 6, bytes: Uint8Array, at: number): string {
  return family === 4 ? ipv4Text(bytes, at) : ipv6Text(bytes, at);
}

/** 4 or 6; throws USAGE for anything that is not an address without zone. */
export function familyOf(text: string): 4 | 6 {
  if (isIPv4(text)) return 4;
  if (isIPv6(text) && !text.includes('%')) return 6;
  throw uplinkError('USAGE', { what: 'not an IP address', got: JSON.stringify(text) });
}

/** The 4 or 16 bytes of an address in network order; throws USAGE when the text is no address of that family. */
export function ipBytes(text: string, family: 4 | 6 = familyOf(text)): Uint8Array {
  if (familyOf(text) !== family) {
    throw uplinkError('USAGE', { what: 'address of the wrong family', expected: `IPv${family}`, got: text });
  }
  return family === 4 ? ipv4Bytes(text) : ipv6Bytes(text);
}

/** Of a text that is known to be an IPv4 address. */
function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let index = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0) index++;
    else bytes[index] = bytes[index]! * 10 + digit;
  }
  return bytes;
}

function ipv6Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [head = '', tail] = text.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  front.forEach((byte, i) => {
    bytes[i] = byte;
  });
  back.forEach((byte, i) => {
    bytes[16 - back.length + i] = byte;
  });
  return bytes;
}

function groupsOf(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap(group => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** An address with a prefix length, as bytes. */
export interface PrefixBytes {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Parses `10.0.0.0/8`; a missing length means a host. Throws USAGE when it is no prefix of that family. */
export function prefixBytes(text: string, family: 4 | 6): PrefixBytes {
  const slash = text.indexOf('/');
  const max = family === 4 ? 32 : 128;
  const address = slash < 0 ? text : text.slice(0, slash);
  const length = slash < 0 ? max : Number(text.slice(slash + 1));
  if (!Number.isInteger(length) || length < 0 || length > max) {
    throw uplinkError('USAGE', {
      what: 'not a prefix',
      expected: `a length of 0 to ${max}`,
      got: JSON.stringify(text),
    });
  }
  return { bytes: ipBytes(address, family), length };
}

/** Lower-case hex with colons; null for no bytes at all. */
export function macText(bytes: Uint8Array, at: number, length: number): string | null {
  if (length === 0) return null;
  let text = '';
  for (let i = at; i < at + length; i++) text += `${i === at ? '' : ':'}${bytes[i]!.toString(16).padStart(2, '0')}`;
  return text;
}

/** Bytes of a hardware address of any length; throws USAGE when the text is none. */
export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(text)) {
    throw uplinkError('USAGE', { what: 'not a hardware address', got: JSON.stringify(text) });
  }
  return Uint8Array.from(text.split(':'), byte => Number.parseInt(byte, 16));
}
