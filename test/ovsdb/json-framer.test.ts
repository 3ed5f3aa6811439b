import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonFramer, MAX_NESTING } from '../../src/ovsdb/json-framer.ts';

function frame(chunks: readonly Buffer[], maxMessageBytes?: number) {
  const texts: string[] = [];
  const framer = createJsonFramer({
    onMessage: text => texts.push(text),
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
  });
  let fault: ReturnType<typeof framer.push>;
  for (const chunk of chunks) fault ??= framer.push(chunk);
  return { texts, fault, framer };
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const chunks: Buffer[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    chunks.push(bytes.subarray(from, place));
    from = place;
  }
  return chunks;
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[\\"{}[\]:, u0]*$/),
  fc.constantFrom('\\', '\\\\', '"', '\\"', '{', '}}', '[', '"}', '\u{1f600}', 'ä', '\n'),
);
const message = fc.dictionary(
  text,
  fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    map: fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  })).value,
  { maxKeys: 5 },
);
const space = fc.constantFrom('', '', ' ', '\n', '\r\n\t');

describe('the framer', () => {
  test('finds the same messages however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(message, space, fc.boolean()), { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (messages, cuts) => {
          const sent = messages.map(([json, , pretty]) => JSON.stringify(json, null, pretty ? 1 : 0));
          const bytes = Buffer.from(sent.map((text, at) => text + messages[at]?.[1]).join(''));
          const { texts, fault } = frame(split(bytes, cuts));
          expect(fault).toBeUndefined();
          // The texts, not what JSON.parse makes of them: that of Node 24.21 takes the key "\"}" for "\\\"" after an object that had the latter.
          expect(texts).toEqual(sent);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('finds them when every byte comes alone', () => {
    const bytes = Buffer.from('{"a":"\\\\\\"}{"}{"b":["\u{1f600}",{"c":"\\\\"}]}\n{}');
    const { texts, fault, framer } = frame([...bytes].map(byte => Buffer.from([byte])));
    expect(fault).toBeUndefined();
    expect(texts).toEqual(['{"a":"\\\\\\"}{"}', '{"b":["\u{1f600}",{"c":"\\\\"}]}', '{}']);
    expect(framer.pendingBytes).toBe(0);
  });

  test('never throws and never grows over its bound on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), chunks => {
        const { framer } = frame(
          chunks.map(chunk => Buffer.from(chunk)),
          100,
        );
        expect(framer.pendingBytes).toBeLessThanOrEqual(100);
      }),
    );
  });

  test('ends at a message over the bound before it is complete', () => {
    const { texts, fault } = frame([Buffer.from('{"a":1}{"b":"'), Buffer.alloc(100, 'x')], 50);
    expect(texts).toEqual(['{"a":1}']);
    expect(fault?.kind).toBe('too-large');
  });

  test('takes a message of exactly the bound and refuses one byte more', () => {
    const exact = `{"a":"${'x'.repeat(42)}"}`;
    expect(exact.length).toBe(50);
    expect(frame([Buffer.from(exact)], 50).texts).toEqual([exact]);
    expect(frame([Buffer.from(exact)], 49).fault?.kind).toBe('too-large');
  });

  test('refuses nesting deeper than its bound', () => {
    const nested = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
    expect(frame([nested(MAX_NESTING)]).fault).toBeUndefined();
    expect(frame([nested(MAX_NESTING + 1)]).fault?.kind).toBe('malformed');
  });

  test.each(['HTTP/1.1 400 Bad Request\r\n', '[1]', '}', '"a"', '{}x', '{}]'])('refuses %j', garbage => {
    expect(frame([Buffer.from(garbage)]).fault?.kind).toBe('malformed');
  });

  test('ignores the rest of a chunk once it is stopped', () => {
    const texts: string[] = [];
    const framer = createJsonFramer({
      onMessage: one => {
        texts.push(one);
        framer.stop();
      },
    });
    framer.push(Buffer.from('{"a":1}{"b":2}'));
    expect(texts).toEqual(['{"a":1}']);
  });
});
