import { expect, it } from 'vitest';
import { parseLinkPattern } from '../../../src/cli/parse/link-pattern.ts';
import { catchUsage } from '../catch-usage.ts';

it.each([
  ['eth*', { by: 'name', glob: 'eth*' }],
  ['name:bond0', { by: 'name', glob: 'bond0' }],
  ['mac:AA-BB-*', { by: 'mac', glob: 'aa:bb:*' }],
  ['path:pci-0000:03:00.0', { by: 'path', glob: 'pci-0000:03:00.0' }],
  ['kind:bond', { by: 'kind', glob: 'bond' }],
  ['kind:newfangled', { by: 'kind', glob: 'newfangled' }],
])('%s', (text, pattern) => {
  expect(parseLinkPattern(text)).toEqual(pattern);
});

it.each([
  ['mca:aa:bb:*', 'unknown form of link pattern', 'did you mean mac:aa:bb:*?'],
  ['knd:bond', 'unknown form of link pattern', 'did you mean kind:bond?'],
  ['aa:bb:cc:dd:ee:ff', 'unknown form of link pattern', 'say mac:aa:bb:cc:dd:ee:ff'],
  ['kind:bnod', 'cannot read link pattern', 'did you mean kind:bond?'],
  ['mac:zz:*', 'cannot read link pattern', 'the digits 0 to 9 and a to f'],
  ['eth[0-3]', 'cannot read link pattern', 'only * and ? stand for other characters'],
  ['', 'cannot read link pattern', 'mac:AA:BB:*'],
  ['kind:', 'cannot read link pattern', 'kind:bond'],
  ['eth 0', 'cannot read link pattern', 'a name like eth*'],
  ['--force', 'cannot read link pattern', 'a name like eth*'],
  [`eth${'*'.repeat(200)}`, 'cannot read link pattern', 'a name like eth*'],
])('%s is refused, with what was probably meant', async (text, what, says) => {
  const { message } = await catchUsage(() => parseLinkPattern(text));
  expect(message).toContain(what);
  expect(message).toContain(says);
});
