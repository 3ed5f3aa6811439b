import { expect, it } from 'vitest';
import { parseVlan, parseVlans } from '../../../src/cli/parse/vlan.ts';
import { catchUsage } from '../catch-usage.ts';

it.each([
  ['10', [10]],
  ['0,10,20-23', [0, 10, 20, 21, 22, 23]],
  ['30, 10 , 20 - 21,20', [10, 20, 21, 30]],
  ['4094', [4094]],
])('%s', (text, vlans) => {
  expect(parseVlans(text)).toEqual(vlans);
});

it.each([
  ['', 'VLANs from 1 to 4094'],
  ['10,', 'VLANs from 1 to 4094'],
  ['4095', 'VLANs from 1 to 4094'],
  ['10-5000', 'VLANs from 1 to 4094'],
  ['99999', 'VLANs from 1 to 4094'],
  ['20-10', 'did you mean 10-20?'],
  ['all', '0 stands for frames without a tag'],
  ['-5', 'VLANs from 1 to 4094'],
])('%s is no list of VLANs', async (text, says) => {
  const { message } = await catchUsage(() => parseVlans(text));
  expect(message).toContain('not a list of VLANs');
  expect(message).toContain(says);
});

it('a tag is one VLAN, and 0 is none', async () => {
  expect(parseVlan('100')).toBe(100);
  for (const text of ['0', '4095', '10-20', 'x']) {
    expect((await catchUsage(() => parseVlan(text))).message).toContain('a whole number from 1 to 4094');
  }
});
