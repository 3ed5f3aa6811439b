import { formatIp, parseIp } from '../../../domain/prefix.ts';

/** An address as a string of its bits, 32 or 128 of `0` and `1`: prefixes are then a matter of `startsWith`. */
export type Bits = string;

/** A prefix as the leading bits of its addresses, and what was written behind them. */
export interface PrefixBits {
  readonly bits: Bits;
  readonly length: number;
  /** The first {@link length} bits. */
  readonly network: Bits;
  /** True when a bit behind the prefix is set. */
  readonly hasHostBits: boolean;
}

// The same few texts come again and again: an address is taken apart once.
const MAX_KEPT = 20_000;
const addressBits = new Map<string, Bits>();
const prefixes = new Map<string, PrefixBits>();
const texts = new Map<Bits, string>();

function keep<K, V>(map: Map<K, V>, key: K, value: V): V {
  if (map.size >= MAX_KEPT) map.clear();
  map.set(key, value);
  return value;
}

/** The bits of an address in text form; empty when it is none. */
export function bitsOf(address: string): Bits {
  const known = addressBits.get(address);
  if (known !== undefined) return known;
  const bytes = parseIp(address) ?? [];
  return keep(addressBits, address, bytes.map(byte => byte.toString(2).padStart(8, '0')).join(''));
}

/** The canonical text of an address. */
export function textOf(bits: Bits): string {
  const known = texts.get(bits);
  if (known !== undefined) return known;
  const bytes = Array.from({ length: bits.length / 8 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2));
  return keep(texts, bits, formatIp(bytes));
}

/** Takes `10.0.0.0/8` apart. */
export function prefixOf(text: string): PrefixBits {
  const known = prefixes.get(text);
  if (known !== undefined) return known;
  const slash = text.indexOf('/');
  const bits = bitsOf(slash < 0 ? text : text.slice(0, slash));
  const length = slash < 0 ? bits.length : Number(text.slice(slash + 1));
  const network = bits.slice(0, length);
  return keep(prefixes, text, { bits, length, network, hasHostBits: bits.includes('1', length) });
}

/** The address with every bit behind the prefix set to `bit`. */
export function fillHost(bits: Bits, length: number, bit: '0' | '1'): string {
  return textOf(bits.slice(0, length).padEnd(bits.length, bit));
}

const networks = new Map<string, string>();

/** `10.9.0.0/24` of `10.9.0.2` and 24. */
export function networkText(address: string, length: number): string {
  const key = `${address}/${length}`;
  return networks.get(key) ?? keep(networks, key, `${fillHost(bitsOf(address), length, '0')}/${length}`);
}

/** True when both addresses have the same first `length` bits. */
export function isSameNetwork(a: string, b: string, length: number): boolean {
  return a === b || networkText(a, length) === networkText(b, length);
}
