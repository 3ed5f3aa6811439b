import { keyedHash } from './keyed-hash.ts';

/** Bits of the first byte that say what kind of address it is: group, and locally administered. */
const KIND_BITS = 0x03;

/**
 * Gives every MAC another one that is unicast or local as it was. Group addresses, the zero address and what is no MAC stay. Takes and gives
 * six bytes.
 */
export function mapMac(key: string, mac: readonly number[]): readonly number[] {
  const first = mac[0] ?? 0;
  if ((first & 1) !== 0 || mac.every(byte => byte === 0)) return mac;
  const made = [...keyedHash(key, `mac ${mac.join()}`).subarray(0, 6)];
  made[0] = ((made[0] ?? 0) & ~KIND_BITS) | (first & KIND_BITS);
  return made;
}

/** The MAC in the last eight bytes of an IPv6 address that was made from one (RFC 4291, appendix A); else undefined. */
export function macOfInterfaceId(id: readonly number[]): readonly number[] | undefined {
  if (id[3] !== 0xff || id[4] !== 0xfe) return undefined;
  const [a, b, c, , , d, e, f] = id as [number, number, number, number, number, number, number, number];
  return [a ^ 2, b, c, d, e, f];
}

/** The last eight bytes of an IPv6 address that is made from a MAC. */
export function interfaceIdOf(mac: readonly number[]): readonly number[] {
  const [a, b, c, d, e, f] = mac as [number, number, number, number, number, number];
  return [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
}
