import { describe, expect, it } from 'vitest';
import type { LinkPattern } from '../../src/domain/link-patterns.ts';
import { formatLinkPattern, matchesLink, readLinkPattern } from '../../src/domain/link-patterns.ts';
import { link } from './precheck/hosts.ts';

function pattern(text: string): LinkPattern {
  const read = readLinkPattern(text);
  if ('pattern' in read) return read.pattern;
  throw new Error(read.problem);
}

const nic = link({
  name: 'eth0',
  altnames: ['enp3s0', 'eno1'],
  mac: '02:11:22:33:44:55',
  permanentMac: '00:25:90:AA:BB:01',
  parentBus: 'pci',
  parentDevice: '0000:03:00.0',
});

describe('link patterns', () => {
  it.each([
    'eth0',
    'eth*',
    'e?h0',
    '*',
    'name:eth0',
    'enp*',
    'mac:02:11:22:*',
    'mac:00:25:90:aa:bb:01',
    'mac:00-25-90-*',
    'path:pci-0000:03:*',
    'path:*03:00.0',
    'eth0*',
    '*e*t*h*0*',
  ])('%s means the link', text => {
    expect(matchesLink(pattern(text), nic)).toBe(true);
  });

  it.each(['eth', 'eth0?', 'th0', 'ETH0', 'mac:02:11', 'path:pci-0000:04:*', 'kind:bond', '?', 'e*1x'])(
    '%s does not',
    text => {
      expect(matchesLink(pattern(text), nic)).toBe(false);
    },
  );

  it('by kind means what the kernel calls it; a plain NIC has none', () => {
    expect(matchesLink(pattern('kind:bond'), link({ kind: 'bond' }))).toBe(true);
    expect(matchesLink(pattern('kind:*'), link({ kind: null }))).toBe(false);
  });

  it('by path does not mean a link without a device', () => {
    expect(matchesLink(pattern('path:*'), link({ parentBus: null, parentDevice: null }))).toBe(false);
  });

  it('takes no time that grows with the stars', () => {
    const stars = pattern(`${'*a'.repeat(60)}b`);
    expect(matchesLink(stars, link({ name: 'a'.repeat(15) }))).toBe(false);
  });

  it('is written as it was read', () => {
    for (const text of ['eth*', 'mac:aa:*', 'path:pci-0000:03:*', 'kind:bond'])
      expect(formatLinkPattern(pattern(text))).toBe(text);
  });
});
