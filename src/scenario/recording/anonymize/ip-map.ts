import { formatIp, networkOf, parseIp } from '../../../domain/prefix.ts';
import { keyedHash } from './keyed-hash.ts';
import { interfaceIdOf, macOfInterfaceId, mapMac } from './mac-map.ts';

/** What everybody has, or what says what an address is for: unspecified, loopback, link-local, multicast, reserved. */
const SPECIAL_V4 = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];
const SPECIAL_V6 = ['::/8', 'fe80::/10', 'ff00::/8'];
/** The network of an address of which no other is known, in bits. */
const ASSUMED_V4 = 24;
const ASSUMED_V6 = 64;
/** How many keys are tried for one that maps no address to one that occurs, too. */
const MAX_TRIES = 50;

/** Maps addresses in text form; what is not one, or special, stays. */
export type IpMap = (text: string) => string;

/**
 * Maps addresses so that any two have the same number of leading bits in common as before. The address of a network and its broadcast address
 * stay such: their host bits, and those of all addresses of the last and smallest network, are left alone. `addresses` are all that occur,
 * `networks` are those in the form `10.9.0.0/24`.
 */
export function createIpMap(key: string, addresses: readonly string[], networks: readonly string[]): IpMap {
  const originals = new Set(addresses.map(canonical).filter(text => !isSpecial(text)));
  let best: { readonly map: IpMap; readonly clashes: number } | undefined;
  for (let salt = 0; salt < MAX_TRIES && best?.clashes !== 0; salt += 1) {
    const map = createSaltedMap(`${key} ${salt}`, [...originals], networks, key);
    // Few bits of a short prefix can change: some keys leave them as they were, or make one network of another that occurs.
    const clashes = [...originals].filter(text => originals.has(map(text))).length;
    if (best === undefined || clashes < best.clashes) best = { map, clashes };
  }
  return best?.map ?? (text => text);
}

function createSaltedMap(salt: string, addresses: readonly string[], networks: readonly string[], key: string): IpMap {
  const fixed = new Set<string>();
  const free = new Set<string>();
  const known = [...new Set(networks.map(network))].filter(({ length, bits }) => length > 0 && length < bits.length);
  for (const text of addresses) {
    const bits = bitsOf(text);
    const isKnown = known.some(net => net.width === bits.length && bits.startsWith(net.bits.slice(0, net.length)));
    if (!isKnown) known.push(networkAt(bits, bits.length === 32 ? ASSUMED_V4 : ASSUMED_V6));
  }
  for (const special of [...SPECIAL_V4, ...SPECIAL_V6].map(network)) {
    for (let at = 0; at < special.length; at += 1) fixed.add(tagged(special.width, special.bits.slice(0, at)));
  }
  for (const { bits, width, length } of known) {
    const prefix = bits.slice(0, length);
    for (let at = 0; at < length; at += 1) free.add(tagged(width, prefix.slice(0, at)));
    for (let at = length; at < width; at += 1) {
      fixed.add(tagged(width, prefix + '0'.repeat(at - length)));
      fixed.add(tagged(width, prefix + '1'.repeat(at - length)));
    }
  }
  const flips = new Map<string, boolean>();
  const flip = (width: number, prefix: string): boolean => {
    const node = tagged(width, prefix);
    if (!free.has(node) || fixed.has(node)) return false;
    const isFlipped = flips.get(node) ?? ((keyedHash(salt, node)[0] ?? 0) & 1) === 1;
    flips.set(node, isFlipped);
    return isFlipped;
  };
  const seen = new Map<string, string>();
  return text => {
    const whole = canonical(text);
    if (parseIp(whole) === undefined) return text;
    let made = seen.get(whole);
    if (made === undefined) {
      made = isSpecial(whole) && !isLinkLocalV6(whole) ? whole : mapOne(whole, flip, key);
      seen.set(whole, made);
    }
    return made;
  };
}

function mapOne(text: string, flip: (width: number, prefix: string) => boolean, key: string): string {
  const bits = bitsOf(text);
  let made = '';
  if (isSpecial(text)) made = bits;
  else {
    for (let at = 0; at < bits.length; at += 1) {
      const bit = bits[at] === '1';
      made += bit !== flip(bits.length, bits.slice(0, at)) ? '1' : '0';
    }
  }
  const bytes = bytesOf(made);
  if (bytes.length === 4) return formatIp(bytes);
  const id = (parseIp(text) ?? []).slice(8);
  return formatIp([...bytes.slice(0, 8), ...(mapInterfaceId(key, id) ?? bytes.slice(8))]);
}

/** Of an address that is made from a MAC, or at random, the last eight bytes tell which machine it is; undefined for a short number. */
function mapInterfaceId(key: string, id: readonly number[]): readonly number[] | undefined {
  const mac = macOfInterfaceId(id);
  if (mac !== undefined) return interfaceIdOf(mapMac(key, mac));
  const isShort = id.slice(0, 4).every(byte => byte === 0) || id.every(byte => byte === 0xff);
  return isShort ? undefined : [...keyedHash(key, `interface id ${id.join()}`).subarray(0, 8)];
}

interface Network {
  readonly bits: string;
  readonly width: number;
  readonly length: number;
}

function network(text: string): Network {
  const [address = '', length = ''] = text.split('/');
  return networkAt(bitsOf(networkOf(address, Number(length)).split('/')[0] ?? ''), Number(length));
}

function networkAt(bits: string, length: number): Network {
  return { bits: bits.slice(0, length).padEnd(bits.length, '0'), width: bits.length, length };
}

/** A prefix of IPv4 and one of IPv6 are two things. */
function tagged(width: number, prefix: string): string {
  return `${width}:${prefix}`;
}

function isSpecial(text: string): boolean {
  const bits = bitsOf(text);
  return [...SPECIAL_V4, ...SPECIAL_V6]
    .map(network)
    .some(net => net.width === bits.length && bits.startsWith(net.bits.slice(0, net.length)));
}

function isLinkLocalV6(text: string): boolean {
  return /^fe[89ab]/i.test(text);
}

function canonical(text: string): string {
  const bytes = parseIp(text);
  return bytes === undefined ? text : formatIp(bytes);
}

function bitsOf(text: string): string {
  return (parseIp(text) ?? []).map(byte => byte.toString(2).padStart(8, '0')).join('');
}

function bytesOf(bits: string): number[] {
  return (bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2));
}
