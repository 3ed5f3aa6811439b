import { isIP } from 'node:net';
import { formatIp, networkOf, parseIp } from '../domain/prefix.ts';

/** `10.1.0.5/16`, read. */
export interface IpPrefix {
  readonly family: 4 | 6;
  /** In canonical form, with its host bits. */
  readonly address: string;
  readonly length: number;
  /** `10.1.0.0/16` */
  readonly network: string;
}

/** Canonical text of an address; undefined for what is none, and for one with a zone. */
export function canonicalIp(text: string): string | undefined {
  const bytes = isIP(text) === 0 ? undefined : parseIp(text);
  return bytes === undefined ? undefined : formatIp(bytes);
}

/** Reads CIDR notation, in which the length is never left out; undefined for anything else. */
export function readPrefix(text: string): IpPrefix | undefined {
  const [given = '', bits = '', ...rest] = text.split('/');
  const address = canonicalIp(given);
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits)) return undefined;
  const family = familyOf(address);
  const length = Number(bits);
  if (length > (family === 4 ? 32 : 128)) return undefined;
  return { family, address, length, network: networkOf(address, length) };
}

/** The family of a text that is an address. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
