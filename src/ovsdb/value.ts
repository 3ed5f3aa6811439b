import { uplinkError } from '../errors.ts';
import type { AtomType, ColumnSchema } from './schema.ts';

/** One atom. A uuid is a string; integers beyond 2^53 lose precision (JSON.parse). */
export type Atom = string | number | boolean;

/**
 * A decoded value, by the column's shape: scalar → atom, optional → atom or null, set → array (sorted), map →
 * object (keys that are not strings in their text form). Never changed in place.
 */
export type Value = Atom | null | readonly Atom[] | Readonly<Record<string, Atom>>;

/** A decoded row: column name to value. The uuid is the key under which the row is kept. */
export type Row = Readonly<Record<string, Value>>;

/** What a column needs to read its values: chosen once, used for each row. */
export interface ColumnCodec {
  readonly column: ColumnSchema;
  /** What the server leaves out of an `initial` or `insert` row (ovsdb-server(7) §4.1.14). */
  readonly defaultValue: Value;
  /** Throws `OVSDB_PROTOCOL` when the value does not fit the schema. */
  decode(raw: unknown): Value;
  /** Applies the value of an update2 or update3 `modify`. */
  applyDiff(old: Value, raw: unknown): Value;
  equal(a: Value, b: Value): boolean;
}

const NO_UUID = '00000000-0000-0000-0000-000000000000';
/** Up to this many changed elements a linear search beats building a Set. */
const FEW = 8;

/** Makes the codec of a column. */
export function columnCodec(column: ColumnSchema): ColumnCodec {
  const readKey = atomReader(column, column.key);
  switch (column.shape) {
    case 'scalar':
    case 'optional': {
      const decode = (raw: unknown): Value => {
        // Nearly every value is a plain atom; only uuids and sets are arrays on the wire.
        if (!Array.isArray(raw) || column.key === 'uuid') {
          if (!isSet(raw)) return readKey(raw);
        }
        const elements = setElements(column, raw);
        if (elements.length === 0 && column.shape === 'optional') return null;
        if (elements.length !== 1) throw misfit(column, raw);
        return readKey(elements[0]);
      };
      const defaultValue = column.shape === 'optional' ? null : defaultAtom(column.key);
      return { column, defaultValue, decode, applyDiff: (_old, raw) => decode(raw), equal: Object.is };
    }
    case 'set': {
      const decode = (raw: unknown): readonly Atom[] => sorted(setElements(column, raw).map(readKey));
      return {
        column,
        defaultValue: Object.freeze(column.min === 0 ? [] : [defaultAtom(column.key)]),
        decode,
        applyDiff: (old, raw) => toggle(old as readonly Atom[], decode(raw)),
        equal: (a, b) => sameSet(a as readonly Atom[], b as readonly Atom[]),
      };
    }
    case 'map': {
      const readValue = atomReader(column, column.value ?? 'string');
      const decode = (raw: unknown): Readonly<Record<string, Atom>> => {
        if (!Array.isArray(raw) || raw[0] !== 'map' || !Array.isArray(raw[1])) throw misfit(column, raw);
        const map: Record<string, Atom> = {};
        for (const pair of raw[1]) {
          if (!Array.isArray(pair) || pair.length !== 2) throw misfit(column, raw);
          put(map, String(readKey(pair[0])), readValue(pair[1]));
        }
        return map;
      };
      const emptyMap: Record<string, Atom> = {};
      if (column.min === 1) put(emptyMap, String(defaultAtom(column.key)), defaultAtom(column.value ?? 'string'));
      return {
        column,
        defaultValue: Object.freeze(emptyMap),
        decode,
        // Only what can hold more than one element is sent as a difference (ovsdb_type_is_composite).
        applyDiff: (old, raw) =>
          column.max === 1 ? decode(raw) : applyMapDiff(old as Readonly<Record<string, Atom>>, decode(raw)),
        equal: (a, b) => sameMap(a as Readonly<Record<string, Atom>>, b as Readonly<Record<string, Atom>>),
      };
    }
  }
}

function defaultAtom(type: AtomType): Atom {
  switch (type) {
    case 'integer':
    case 'real':
      return 0;
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return NO_UUID;
  }
}

function atomReader(column: ColumnSchema, type: AtomType): (raw: unknown) => Atom {
  switch (type) {
    case 'integer':
    case 'real':
      return raw => {
        if (typeof raw !== 'number') throw misfit(column, raw);
        return raw;
      };
    case 'boolean':
      return raw => {
        if (typeof raw !== 'boolean') throw misfit(column, raw);
        return raw;
      };
    case 'string':
      return raw => {
        if (typeof raw !== 'string') throw misfit(column, raw);
        return raw;
      };
    case 'uuid':
      return raw => {
        if (!Array.isArray(raw) || raw[0] !== 'uuid' || typeof raw[1] !== 'string') throw misfit(column, raw);
        return raw[1];
      };
  }
}

function isSet(raw: unknown): raw is ['set', unknown[]] {
  return Array.isArray(raw) && raw[0] === 'set' && Array.isArray(raw[1]);
}

/** RFC 7047 §5.1: a set of exactly one element may be written as the element itself. */
function setElements(column: ColumnSchema, raw: unknown): readonly unknown[] {
  if (isSet(raw)) return raw[1];
  if (Array.isArray(raw) && raw[0] !== 'uuid') throw misfit(column, raw);
  return [raw];
}

function misfit(column: ColumnSchema, raw: unknown) {
  return uplinkError('OVSDB_PROTOCOL', {
    what: 'the server sent a value that does not fit its schema',
    object: column.name,
    expected: `${column.shape} of ${column.key}${column.value === null ? '' : ` to ${column.value}`}`,
    got: String(JSON.stringify(raw)).slice(0, 200),
  });
}

/** `__proto__` is a legal key of a map: a plain assignment would lose it. */
function put(map: Record<string, Atom>, key: string, value: Atom): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    map[key] = value;
  }
}

/** The difference of two sets: what is in exactly one of them. The result is sorted, as `decode` leaves sets. */
function toggle(old: readonly Atom[], changed: readonly Atom[]): readonly Atom[] {
  if (changed.length <= FEW) {
    const result = [...old];
    for (const element of changed) {
      const at = sortedIndex(result, element);
      result.splice(at, result[at] === element ? 1 : 0, ...(result[at] === element ? [] : [element]));
    }
    return result;
  }
  const result = new Set(old);
  for (const element of changed) {
    if (!result.delete(element)) result.add(element);
  }
  return [...result].sort(compareAtoms);
}

/** The server sorts text by its UTF-8 bytes, which differs from ours beyond the basic plane: never rely on its order. */
function sorted(elements: Atom[]): Atom[] {
  for (let i = 1; i < elements.length; i++) {
    if (compareAtoms(elements[i - 1] as Atom, elements[i] as Atom) > 0) return elements.sort(compareAtoms);
  }
  return elements;
}

/** Where the element is, or belongs. */
function sortedIndex(sorted: readonly Atom[], element: Atom): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAtoms(sorted[middle] as Atom, element) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** ovsdb_atom_compare_3way: numbers by value, false before true, text and uuids (in hexadecimal) by their characters. */
function compareAtoms(a: Atom, b: Atom): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** A key with its old value is removed, with another value changed, an unknown key is added (ovsdb-server(7) §4.1.14). */
function applyMapDiff(old: Readonly<Record<string, Atom>>, changed: Readonly<Record<string, Atom>>) {
  const result: Record<string, Atom> = { ...old };
  for (const [key, value] of Object.entries(changed)) {
    if (Object.hasOwn(result, key) && result[key] === value) delete result[key];
    else put(result, key, value);
  }
  return result;
}

function sameSet(a: readonly Atom[], b: readonly Atom[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((element, index) => element === b[index]);
}

function sameMap(a: Readonly<Record<string, Atom>>, b: Readonly<Record<string, Atom>>): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => Object.hasOwn(b, key) && Object.getOwnPropertyDescriptor(b, key)?.value === valueAt(a, key))
  );
}

function valueAt(map: Readonly<Record<string, Atom>>, key: string): Atom | undefined {
  return Object.getOwnPropertyDescriptor(map, key)?.value as Atom | undefined;
}
