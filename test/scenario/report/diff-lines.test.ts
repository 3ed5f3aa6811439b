import { describe, expect, it } from 'vitest';
import { diffLines } from '../../../src/scenario/report/diff-lines.ts';

const shown = (expected: string, got: string) =>
  diffLines(expected, got).map(({ side, text }) => `${{ both: ' ', expected: '-', got: '+' }[side]} ${text}`);

describe('a difference', () => {
  it('of two words shows both, what was expected first', () => {
    expect(shown('committed', 'rolledBack')).toEqual(['- committed', '+ rolledBack']);
  });

  it('inside of JSON shows the one value that differs, and the rest once', () => {
    expect(shown('{"up":true,"mtu":1500}', '{"up":true,"mtu":1400}')).toEqual([
      '  {',
      '    "up": true,',
      '-   "mtu": 1500',
      '+   "mtu": 1400',
      '  }',
    ]);
  });

  it('of a line that is missing leaves the others alone', () => {
    expect(shown('a\nb\nc', 'a\nc\nd')).toEqual(['  a', '- b', '  c', '+ d']);
  });

  it('takes what only looks like JSON as it is', () => {
    expect(shown('{ has: x }', '[')).toEqual(['- { has: x }', '+ [']);
  });

  it('of very long texts is still whole', () => {
    const long = Array.from({ length: 500 }, (_, i) => `line ${i}`).join('\n');
    const lines = diffLines(long, `${long}\nmore`);
    expect(lines.filter(({ side }) => side === 'expected')).toHaveLength(500);
    expect(lines.at(-1)).toEqual({ side: 'got', text: 'more' });
  });
});
