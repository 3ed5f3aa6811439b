import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipBytes, ipText, ipv6Text, macBytes, macText, prefixBytes } from '../../src/netlink/ip-text.ts';

test.each([
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['0:0:0:0:0:ffff:10.1.2.3', '::ffff:10.1.2.3'],
  ['::10.1.2.3', '::10.1.2.3'],
  ['64:ff9b::10.1.2.3', '64:ff9b::a01:203'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['fe80::1:0:0:0', 'fe80::1:0:0:0'],
])('IPv6 address %s is written as %s', (text, canonical) => {
  expect(ipv6Text(ipBytes(text), 0)).toBe(canonical);
});

test('every IPv6 address survives text and back, and its text is valid', () => {
  // Many zero groups, so that shortening is exercised.
  const group = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), groups => {
      const bytes = Uint8Array.from(groups.flatMap(value => [value >> 8, value & 0xff]));
      const text = ipText(6, bytes, 0);
      expect(isIPv6(text)).toBe(true);
      expect(ipBytes(text)).toEqual(bytes);
    }),
    { numRuns: 2000 },
  );
});

test('every IPv4 and hardware address survives text and back', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
      (ip, mac) => {
        expect(ipBytes(ipText(4, ip, 0))).toEqual(ip);
        expect(macBytes(macText(mac, 0, mac.length)!)).toEqual(mac);
      },
    ),
  );
});

test.each(['10.0.0.0/33', '10.0.0.0/x', '10.0.0/8', 'fe80::1%eth0', '', '::1/129'])(
  '%s is refused as a prefix',
  text => {
    expect(() => prefixBytes(text, text.includes(':') ? 6 : 4)).toThrow(/USAGE/);
  },
);

test('an address of the other family is refused', () => {
  expect(() => ipBytes('10.0.0.1', 6)).toThrow(/USAGE/);
});
