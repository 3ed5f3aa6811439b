import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIp, networkOf, parseIp } from '../../src/domain/prefix.ts';

describe('the network of an address', () => {
  it.each([
    ['10.9.0.2', 24, '10.9.0.0/24'],
    ['10.9.0.255', 25, '10.9.0.128/25'],
    ['10.9.0.2', 32, '10.9.0.2/32'],
    ['10.9.0.2', 31, '10.9.0.2/31'],
    ['255.255.255.255', 1, '128.0.0.0/1'],
    ['10.9.0.2', 0, '0.0.0.0/0'],
    ['2001:db8:9::2', 64, '2001:db8:9::/64'],
    ['2001:db8:9::2', 128, '2001:db8:9::2/128'],
    ['2001:db8:9:ffff::2', 52, '2001:db8:9:f000::/52'],
    ['fe80::1%eth0', 64, 'fe80::1%eth0/64'],
    ['::1', 0, '::/0'],
    ['nonsense', 24, 'nonsense/24'],
  ])('%s/%s is %s', (address, length, expected) => {
    expect(networkOf(address, length)).toBe(expected);
  });

  it('is its own network', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (address, length) => {
        const bounded = Math.min(length, address.includes(':') ? 128 : 32);
        const network = networkOf(address, bounded);
        expect(networkOf(network.split('/')[0]!, bounded)).toBe(network);
      }),
    );
  });
});

describe('addresses as text', () => {
  it('whatever node takes for an address is parsed, and only that', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string(), fc.constantFrom('1::2::3', ':', '::')),
        text => {
          // A leading zero is octal for some and decimal for others: the kernel never prints one.
          const isIp = isIPv4(text) || (isIPv6(text) && !text.includes('%'));
          if (isIp) expect(parseIp(text), text).toHaveLength(isIPv4(text) ? 4 : 16);
          else if (!/^[\d.]+$/.test(text)) expect(parseIp(text), text).toBeUndefined();
        },
      ),
    );
  });

  it('bytes survive the way there and back', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      // Many zeros: where "::" may go.
      fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, raw => {
        const text = formatIp([...raw]);
        expect(isIPv4(text) || isIPv6(text), text).toBe(true);
        expect(parseIp(text), text).toEqual([...raw]);
      }),
    );
  });

  it.each([
    // RFC 5952: the longest run of zeros, the first of equals, never a single group; lower case.
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('%s is written %s', (text, expected) => {
    expect(formatIp(parseIp(text)!)).toBe(expected);
  });
});
