import { describe, expect, it } from 'vitest';
import { parseLinkName } from '../../../src/cli/parse/link-name.ts';
import { nearMiss } from '../../../src/domain/near-miss.ts';
import { catchUsage } from '../catch-usage.ts';

describe('interface names', () => {
  it.each(['e', 'eth0', 'eth0~', 'eth0.100', 'enp0s31f6abcdef', 'br_int', 'ä'.repeat(7), '...'])('%s is one', name => {
    expect(parseLinkName(name)).toBe(name);
  });

  it.each([
    '',
    '.',
    '..',
    'a/b',
    'a b',
    'a\tb',
    'a\nb',
    'eth0:1',
    'a\u00a0b',
    'a\x1b[31m',
    '\ud800',
    '-b',
    '--json',
    'enp0s31f6abcdef0',
    'ä'.repeat(8),
  ])('%j is refused as the kernel would, or because it cannot be meant', async name => {
    await catchUsage(() => parseLinkName(name));
  });
});

describe('near misses', () => {
  it.each([
    ['migrat', 'migrate'],
    ['mirgate', 'migrate'],
    ['PLAN', 'plan'],
    ['warning', 'warn'],
    ['conf', 'confirm'],
  ])('%s is near to %s', (given, candidate) => {
    expect(nearMiss(given, ['plan', 'migrate', 'warn', 'confirm', 'x'])).toBe(candidate);
  });

  it.each(['', 'a', 'zzzzzz', 'z'.repeat(100_000)])('nothing is near to %j', given => {
    expect(nearMiss(given, ['plan', 'migrate', 'confirm'])).toBeUndefined();
  });
});
