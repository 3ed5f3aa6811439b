import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uplinkError } from '../../../src/errors.ts';
import { plain } from '../../../src/inspect/wire/plain.ts';

describe('plain', () => {
  it('gives JSON back as the same object', () => {
    const value = { list: [1, 'a', null, { deep: true }], empty: {} };
    expect(plain(value)).toBe(value);
  });

  it('makes JSON of anything, without a throw', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true }),
        value => {
          const made = plain(value);
          expect(JSON.parse(JSON.stringify(made))).toEqual(made);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('shows of an error its name, message and code', () => {
    const error = uplinkError('LINK_GONE', { what: 'the link is gone', object: 'eth0' });
    expect(plain({ error })).toEqual({ error: { name: 'UplinkError', message: error.message, code: 'LINK_GONE' } });
  });

  it('writes as text what JSON has no word for', () => {
    expect(
      plain({ a: 12n, b: Number.NaN, c: -Infinity, d: () => 1, e: Symbol('s'), f: undefined, g: [undefined], h: -0 }),
    ).toEqual({
      a: '12',
      b: 'NaN',
      c: '-Infinity',
      d: '(function)',
      e: 'Symbol(s)',
      g: [null],
      h: 0,
    });
  });

  it.each<[string, () => unknown]>([
    ['a cycle', () => Object.assign([{}] as unknown[], { 1: null }).map((_, __, self) => self)],
    [
      'a getter that throws',
      () => ({
        get a() {
          throw new Error('no');
        },
      }),
    ],
    [
      'a proxy that was revoked',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    [
      'a toJSON that throws',
      () => ({
        toJSON() {
          throw new Error('no');
        },
      }),
    ],
    [
      'a toJSON that gives itself',
      () => {
        const value = { toJSON: () => value };
        return value;
      },
    ],
    ['megabytes of bytes', () => Buffer.alloc(50_000_000)],
    ['a million fields', () => Array.from({ length: 1_000_000 }, () => ({}))],
    ['text without end', () => 'x'.repeat(100_000_000)],
    [
      'ten thousand levels',
      () => {
        let value: unknown = 1;
        for (let level = 0; level < 10_000; level += 1) value = { value };
        return value;
      },
    ],
    [
      'little that stands for gigabytes',
      () => {
        let value: unknown = 'x';
        for (let level = 0; level < 30; level += 1) value = Array(10).fill(value);
        return value;
      },
    ],
    [
      'a cycle that branches',
      () => {
        const value: Record<string, unknown> = {};
        for (let index = 0; index < 9; index += 1) value[index] = { value };
        return value;
      },
    ],
  ])('bounds %s', (_, make) => {
    const value = make();
    for (let time = 0; time < 2; time += 1) expect(JSON.stringify(plain({ value })).length).toBeLessThan(2_000_000);
  });

  it('also bounds what grows by a level each time', () => {
    let value: object = {};
    for (let level = 0; level < 5_000; level += 1) {
      value = { value };
      plain(value);
    }
    expect(JSON.stringify(plain(value)).length).toBeLessThan(10_000);
  });

  it('leaves __proto__ out, and pollutes nothing', () => {
    const made = plain(JSON.parse('{"a":1,"__proto__":{"polluted":1}}')) as object;
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(JSON.stringify(made)).toBe('{"a":1}');
  });

  it('gives equal parts of two values that share them as the same object, also where they had to be changed', () => {
    const shared = { id: 1n };
    const one = plain({ shared, n: 1 }) as { readonly shared: object };
    const other = plain({ shared, n: 2 }) as { readonly shared: object };
    expect(one.shared).toEqual({ id: '1' });
    expect(other.shared).toBe(one.shared);
  });
});
