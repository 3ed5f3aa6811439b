import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeValue } from '../../src/ovsdb/encode.ts';
import { type ColumnSchema, parseSchema } from '../../src/ovsdb/schema.ts';
import { columnCodec, type Value } from '../../src/ovsdb/value.ts';

function column(type: unknown): ColumnSchema {
  const schema = parseSchema({ name: 'T', version: '1', tables: { T: { columns: { c: { type } } } } });
  const found = schema.tables.get('T')?.columns.get('c');
  if (found === undefined) throw new Error('no column');
  return found;
}

const unlimited = { min: 0, max: 'unlimited' };
const uuid = fc.uuid();
const string = fc.string({ unit: 'grapheme' }).filter(text => !text.includes('\0') && text.isWellFormed());
const integer = fc.integer();
const keys = fc.oneof(string, fc.constantFrom('__proto__', 'constructor', 'toString', '1'));

function sortAtoms<T extends string | number>(atoms: T[]): T[] {
  return atoms.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Object.fromEntries, which keeps `__proto__` as a key of its own. */
const stringMap = fc
  .uniqueArray(fc.tuple(keys, string), { selector: ([key]) => key })
  .map(pairs => Object.fromEntries(pairs) as Record<string, string>);

describe('values', () => {
  test.each<[string, unknown, fc.Arbitrary<Value>]>([
    ['scalar string', 'string', string],
    ['scalar integer', 'integer', integer],
    ['scalar real', 'real', fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => (n === 0 ? 0 : n))],
    ['scalar boolean', 'boolean', fc.boolean()],
    ['scalar uuid', 'uuid', uuid],
    ['optional string', { key: 'string', min: 0 }, fc.option(string)],
    ['optional uuid', { key: 'uuid', min: 0 }, fc.option(uuid)],
    ['set of string', { key: 'string', ...unlimited }, fc.uniqueArray(string).map(sortAtoms)],
    ['set of uuid', { key: 'uuid', ...unlimited }, fc.uniqueArray(uuid).map(sortAtoms)],
    ['map of string', { key: 'string', value: 'string', ...unlimited }, stringMap],
    ['map of string to uuid', { key: 'string', value: 'uuid', ...unlimited }, fc.dictionary(string, uuid)],
    ['map of integer', { key: 'integer', value: 'integer', ...unlimited }, fc.dictionary(integer.map(String), integer)],
  ])('%s comes back as it was encoded', (_name, type, arbitrary) => {
    const schema = column(type);
    const codec = columnCodec(schema);
    fc.assert(
      fc.property(arbitrary, value => {
        const wire = JSON.parse(JSON.stringify(encodeValue(schema, 'T', value)));
        const decoded = codec.decode(wire);
        expect(codec.equal(decoded, value)).toBe(true);
        expect(decoded).toEqual(value);
      }),
    );
  });

  test('a set of one reads the same with and without its brackets', () => {
    const codec = columnCodec(column({ key: 'uuid', min: 0 }));
    expect(codec.decode(['set', [['uuid', 'u']]])).toBe('u');
    expect(codec.decode(['uuid', 'u'])).toBe('u');
    expect(codec.decode(['set', []])).toBeNull();
  });

  test.each<[unknown, unknown, Value]>([
    ['string', 'x', ''],
    ['integer', 1, 0],
    ['boolean', true, false],
    [{ key: 'string', min: 0 }, 'x', null],
    [{ key: 'string', ...unlimited }, ['set', []], []],
    [{ key: 'string', value: 'string', ...unlimited }, ['map', []], {}],
  ])('the default of %j is what the server leaves out', (type, _sample, expected) => {
    expect(columnCodec(column(type)).defaultValue).toEqual(expected);
  });

  test.each([
    ['integer', 'x'],
    ['string', 1],
    ['uuid', 'x'],
    [{ key: 'string', min: 0 }, ['set', ['a', 'b']]],
    [{ key: 'string', value: 'string', ...unlimited }, ['set', []]],
    [{ key: 'string', value: 'string', ...unlimited }, ['map', [['a']]]],
    ['string', null],
  ])('a %j refuses %j from the server as a breach of the protocol', (type, raw) => {
    expect(() => columnCodec(column(type)).decode(raw)).toThrow(/OVSDB_PROTOCOL/);
  });

  test.each<[unknown, Parameters<typeof encodeValue>[2]]>([
    ['integer', 1.5],
    ['integer', '1'],
    ['string', null],
    ['string', 'a\0b'],
    ['string', '\ud800'],
    ['uuid', 'not-a-uuid'],
    [{ key: 'string', min: 0 }, ['a', 'b']],
    [{ key: 'uuid', min: 1, max: 'unlimited' }, []],
    [{ key: 'string', value: 'string', ...unlimited }, 'x'],
  ])('a %j refuses %j from the caller as bad usage', (type, value) => {
    expect(() => encodeValue(column(type), 'T', value)).toThrow(/USAGE/);
  });
});

describe('differences (update2, update3)', () => {
  test('of two sets lead from one to the other', () => {
    const schema = column({ key: 'integer', ...unlimited });
    const codec = columnCodec(schema);
    const set = fc.uniqueArray(fc.integer({ min: 0, max: 30 })).map(sortAtoms);
    fc.assert(
      fc.property(set, set, (before, after) => {
        const either = [...before.filter(one => !after.includes(one)), ...after.filter(one => !before.includes(one))];
        const kept = [...before];
        const result = codec.applyDiff(before, ['set', either]) as number[];
        expect(result).toEqual(after);
        expect(before).toEqual(kept);
      }),
    );
  });

  test('of two maps lead from one to the other', () => {
    const codec = columnCodec(column({ key: 'string', value: 'integer', ...unlimited }));
    const map = fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor'), fc.nat({ max: 2 })), {
        selector: ([key]) => key,
      })
      .map(pairs => new Map(pairs));
    fc.assert(
      fc.property(map, map, (before, after) => {
        const pairs: [string, number][] = [];
        for (const [key, value] of before) if (!after.has(key)) pairs.push([key, value]);
        for (const [key, value] of after) if (before.get(key) !== value) pairs.push([key, value]);
        const result = codec.applyDiff(Object.fromEntries(before), ['map', pairs]);
        expect(new Map(Object.entries(result as Record<string, number>))).toEqual(after);
        expect(codec.equal(result, Object.fromEntries(after))).toBe(true);
      }),
    );
  });

  test('of a map that holds at most one pair are the new value itself', () => {
    const codec = columnCodec(column({ key: 'string', value: 'string', min: 0, max: 1 }));
    expect(codec.applyDiff({ a: '1' }, ['map', [['b', '2']]])).toEqual({ b: '2' });
  });

  test('of an optional value are the new value, or the empty set', () => {
    const codec = columnCodec(column({ key: 'string', min: 0 }));
    expect(codec.applyDiff('a', 'b')).toBe('b');
    expect(codec.applyDiff('a', ['set', []])).toBeNull();
  });
});
