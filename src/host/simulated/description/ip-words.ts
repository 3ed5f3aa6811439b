import { parseIp } from '../../../domain/prefix.ts';

/** Thrown by the readers of `ip` notation; the loader adds the place in the file. */
export class NotationError extends Error {
  override readonly name = 'NotationError';
}

/** The words of a line in the notation of `ip`, read from left to right. */
export interface Words {
  /** The next word without taking it; undefined at the end. */
  peek(): string | undefined;
  /** Takes the next word; throws at the end. */
  take(what: string): string;
  /** Takes the next word when it is this one. */
  skip(word: string): boolean;
  number(what: string, max?: number): number;
  /** An address of a family (of either where none is given). */
  ip(what: string, family?: 4 | 6): string;
}

/** Splits a line into words. */
export function wordsOf(line: string): Words {
  const all = line.split(/\s+/).filter(word => word !== '');
  let next = 0;
  const words: Words = {
    peek: () => all[next],
    take(what) {
      const word = all[next];
      if (word === undefined) throw new NotationError(`${what} is missing at the end of "${line}"`);
      next += 1;
      return word;
    },
    skip(word) {
      if (all[next] !== word) return false;
      next += 1;
      return true;
    },
    number(what, max = 0xffffffff) {
      const word = words.take(what);
      const value = /^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : Number.NaN;
      if (!(value <= max)) throw new NotationError(`${what} must be a number of at most ${max}, not "${word}"`);
      return value;
    },
    ip(what, family) {
      const word = words.take(what);
      const is = familyOf(word);
      if (is === undefined || (family !== undefined && is !== family)) {
        throw new NotationError(
          `${what} must be an ${family === undefined ? 'IP' : `IPv${family}`} address, not "${word}"`,
        );
      }
      return word;
    },
  };
  return words;
}

/** 4 or 6; undefined for what is no address. */
export function familyOf(text: string): 4 | 6 | undefined {
  const bytes = parseIp(text);
  return bytes === undefined ? undefined : bytes.length === 4 ? 4 : 6;
}

/** An address with a prefix length; without one it is the whole address. */
export interface Prefix {
  readonly family: 4 | 6;
  readonly address: string;
  readonly length: number;
}

/** Reads `10.9.0.0/24`. */
export function prefixOf(text: string, what: string): Prefix {
  const [address = '', length, ...rest] = text.split('/');
  const family = familyOf(address);
  const max = family === 4 ? 32 : 128;
  const bits = length === undefined ? max : /^\d+$/.test(length) ? Number(length) : -1;
  if (family === undefined || bits < 0 || bits > max || rest.length > 0) {
    throw new NotationError(`${what} must be a prefix like 10.9.0.0/24, not "${text}"`);
  }
  return { family, address, length: bits };
}

/** The number of a word that may stand for it. */
export function numberOf(word: string, names: Readonly<Record<string, number>>, what: string): number {
  const named = names[word];
  if (named !== undefined) return named;
  if (/^\d+$/.test(word)) return Number(word);
  throw new NotationError(`${what} must be a number or one of ${Object.keys(names).join(', ')}, not "${word}"`);
}

/** RTPROT_*, as in /etc/iproute2/rt_protos. */
export const ROUTE_PROTOCOLS = {
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  dhcp: 16,
  bird: 12,
  zebra: 11,
  bgp: 186,
} as const;
/** RT_TABLE_*. */
export const TABLES = { default: 253, main: 254, local: 255 } as const;
/** RT_SCOPE_*. */
export const SCOPES = { global: 0, site: 200, link: 253, host: 254 } as const;
