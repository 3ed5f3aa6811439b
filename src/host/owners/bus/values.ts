import { type UplinkError, uplinkError } from '../../../errors.ts';

/** A D-Bus dictionary with text keys (`a{sv}`, `a{ss}`, `a{oa{sv}}`); throws `OWNER_REFUSED` for anything else. */
export function toDictionary(value: unknown, object: string): ReadonlyMap<string, unknown> {
  if (!Array.isArray(value)) throw unexpected('a dictionary', value, object);
  return new Map(
    value.map((entry: unknown): [string, unknown] => {
      if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string') {
        throw unexpected('a dictionary', value, object);
      }
      return [entry[0], entry[1]];
    }),
  );
}

/** A text, an object path, or a signature; throws `OWNER_REFUSED` for anything else. */
export function toText(value: unknown, object: string): string {
  if (typeof value !== 'string') throw unexpected('a text', value, object);
  return value;
}

/** A number of at most 32 bits; throws `OWNER_REFUSED` for anything else. */
export function toNumber(value: unknown, object: string): number {
  if (typeof value !== 'number') throw unexpected('a number', value, object);
  return value;
}

/** A boolean; throws `OWNER_REFUSED` for anything else. */
export function toBoolean(value: unknown, object: string): boolean {
  if (typeof value !== 'boolean') throw unexpected('a boolean', value, object);
  return value;
}

/** An array; throws `OWNER_REFUSED` for anything else. */
export function toList(value: unknown, object: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected('an array', value, object);
  return value;
}

function unexpected(expected: string, value: unknown, object: string): UplinkError {
  const got = Array.isArray(value) ? 'an array' : typeof value;
  return uplinkError('OWNER_REFUSED', { what: 'a peer on the system bus sent something else', object, expected, got });
}
