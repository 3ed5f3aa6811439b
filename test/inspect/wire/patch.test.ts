import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch, diffValue } from '../../../src/inspect/wire/patch.ts';

const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
/** JSON has no negative zero, and `__proto__` is a field like any other. */
const json = fc.jsonValue().map(value => JSON.parse(JSON.stringify(value)) as unknown);

describe('a patch', () => {
  it('leads from any JSON to any other, over the wire', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const patch = overTheWire(diffValue(before, after));
        expect(JSON.stringify(sorted(applyPatch(before, patch)))).toBe(JSON.stringify(sorted(after)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leads from a value to one that differs in a few places', () => {
    const list = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 });
    const value = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.oneof(list, json), {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(sorted(applyPatch(before, overTheWire(diffValue(before, after))))).toEqual(sorted(after));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is null for equal values, also where they are other objects', () => {
    fc.assert(fc.property(json, value => diffValue(value, overTheWire(value)) === null));
  });

  it('keeps what it does not name the same object, and changes nothing in place', () => {
    const before = { kept: { deep: [1, 2] }, changed: { list: [{ a: 1 }, { b: 1 }] }, gone: 1 };
    const image = JSON.stringify(before);
    const after = { kept: before.kept, changed: { list: [before.changed.list[0], { b: 2 }] } };
    const made = applyPatch(before, overTheWire(diffValue(before, after))) as typeof before;
    expect(made).toEqual(after);
    expect(made.kept).toBe(before.kept);
    expect(made.changed.list[0]).toBe(before.changed.list[0]);
    expect(JSON.stringify(before)).toBe(image);
  });

  it('does not look into what is the same object', () => {
    const trap = new Proxy({}, { ownKeys: () => expect.unreachable('it looked') });
    expect(diffValue({ trap, n: 1 }, { trap, n: 2 })).toEqual({ s: { n: [2] } });
  });

  it('of a longer list holds what was put in, not the list', () => {
    const before = Array.from({ length: 1_000 }, (_, index) => ({ index }));
    expect(diffValue(before, [...before, { index: 1_000 }])).toEqual({ a: [1_000, 0, [{ index: 1_000 }]] });
    expect(diffValue(before, before.slice(1))).toEqual({ a: [0, 1, []] });
  });

  it('takes a field that is undefined for one that is absent', () => {
    expect(diffValue({ a: undefined }, {})).toBeNull();
    expect(diffValue({}, { a: undefined })).toBeNull();
    expect(diffValue({ a: 1 }, { a: undefined })).toEqual({ d: ['a'] });
  });

  it('does not reach a prototype', () => {
    const after = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as object;
    const made = applyPatch({}, overTheWire(diffValue({}, after))) as object;
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(JSON.stringify(made)).toBe(JSON.stringify(after));
    expect('polluted' in {}).toBe(false);
  });
});

/** With fields in order, for their order does not count; entries, for `toEqual` overlooks `__proto__`. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return {
    fields: Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  };
}
