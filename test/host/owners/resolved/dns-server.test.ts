import { describe, expect, it } from 'vitest';
import { formatDnsServer, parseDnsServer } from '../../../../src/host/owners/resolved/dns-server.ts';

describe('a DNS server as resolvectl writes it', () => {
  it.each([
    '192.0.2.53',
    '192.0.2.53:5353',
    '192.0.2.53#dns.example',
    '192.0.2.53:853#dns.example',
    '2001:db8::53',
    '[2001:db8::53]:5353',
    '2001:db8::53#dns.example',
    '[2001:db8::53]:853#dns.example',
  ])('%s keeps address, port and name', text => {
    expect(formatDnsServer(parseDnsServer(text))).toBe(text);
  });

  it.each(['', 'dns.example', '192.0.2.53:99999', '192.0.2', '[2001:db8::53]', '192.0.2.53:'])('%j is none', text => {
    expect(() => parseDnsServer(text)).toThrow('USAGE');
  });

  it('of another family, or with bytes missing, is left out', () => {
    expect(formatDnsServer([1, new Uint8Array(4), 0, ''])).toBeUndefined();
    expect(formatDnsServer([10, new Uint8Array(4), 0, ''])).toBeUndefined();
  });
});
