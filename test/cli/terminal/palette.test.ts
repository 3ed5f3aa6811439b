import { describe, expect, it } from 'vitest';
import { COLOURED, choosePalette, PLAIN } from '../../../src/cli/terminal/palette.ts';

describe('colour', () => {
  it('is there on a terminal only', () => {
    expect(choosePalette(true, {})).toBe(COLOURED);
    expect(choosePalette(false, {})).toBe(PLAIN);
  });

  it('is off with NO_COLOR, but not with an empty one, and on a dumb terminal', () => {
    expect(choosePalette(true, { NO_COLOR: '1' })).toBe(PLAIN);
    expect(choosePalette(true, { NO_COLOR: '' })).toBe(COLOURED);
    expect(choosePalette(true, { TERM: 'dumb' })).toBe(PLAIN);
  });
});
