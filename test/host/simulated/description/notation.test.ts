import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../src/host/simulated/description/parse-address.ts';
import { parseNeighbour } from '../../../../src/host/simulated/description/parse-neighbour.ts';
import { parseRoute } from '../../../../src/host/simulated/description/parse-route.ts';
import { parseRule } from '../../../../src/host/simulated/description/parse-rule.ts';

describe('addresses in the notation of ip', () => {
  it('have every attribute that ip takes', () => {
    const line = '10.9.0.3/24 brd 10.9.0.255 label eth0:web metric 50 noprefixroute valid_lft 60 preferred_lft 30';
    expect(parseAddress(line)).toEqual({
      family: 4,
      local: '10.9.0.3',
      peer: null,
      prefixLength: 24,
      broadcast: '10.9.0.255',
      label: 'eth0:web',
      scope: 0,
      flags: 0x200,
      metric: 50,
      protocol: null,
      validLifetimeS: 60,
      preferredLifetimeS: 30,
    });
  });

  it('are a whole address without a length, and have the length of their peer', () => {
    expect(parseAddress('2001:db8::1')).toMatchObject({ family: 6, prefixLength: 128, label: null });
    expect(parseAddress('10.77.0.1 peer 10.77.0.2/30')).toMatchObject({ peer: '10.77.0.2', prefixLength: 30 });
  });

  it.each([
    ['10.9.0.2/33', 'an address must be a prefix like 10.9.0.0/24, not "10.9.0.2/33"'],
    ['10.9.0.256/24', 'an address must be a prefix'],
    ['10.9.0.2/24 dev eth0', '"dev" is not known of an address'],
    ['10.9.0.2/24 brd', 'the broadcast address is missing at the end'],
    ['10.9.0.2/24 metric -1', 'the metric must be a number of at most 4294967295, not "-1"'],
    ['10.9.0.2/24 peer 2001:db8::1', 'the peer must be an IPv4 address'],
  ])('%s is refused', (line, message) => {
    expect(() => parseAddress(line)).toThrow(message);
  });
});

describe('routes in the notation of ip', () => {
  it('have the defaults of ip', () => {
    expect(parseRoute('default via 10.9.0.1 dev eth0')).toMatchObject({
      family: 4,
      destination: '0.0.0.0/0',
      table: 254,
      protocol: 3,
      scope: 0,
      priority: null,
    });
    expect(parseRoute('10.3.0.0/28 dev eth0')).toMatchObject({ scope: 253 });
    expect(parseRoute('default via fe80::1 dev eth0')).toMatchObject({
      family: 6,
      destination: '::/0',
      priority: 1024,
    });
    expect(parseRoute('::/0 dev eth0')).toMatchObject({ family: 6, destination: '::/0' });
    expect(parseRoute('blackhole 198.19.0.0/16 table 100')).toMatchObject({ type: 6, table: 100, nexthops: [] });
  });

  it('have several legs', () => {
    const route = parseRoute('10.0.0.0/8 table 200 nexthop via 10.9.0.1 dev a weight 3 nexthop dev b onlink');
    expect(route.nexthops).toEqual([
      { dev: 'a', gateway: '10.9.0.1', gatewayFamily: 4, weight: 3, flags: 0 },
      { dev: 'b', gateway: null, gatewayFamily: null, weight: 1, flags: 4 },
    ]);
  });

  it('have metrics, an IPv6 gateway for IPv4, an expiry', () => {
    const line = '10.0.0.0/8 via inet6 fe80::1 dev a mtu 1300 congctl cubic src 10.9.0.3 expires 60';
    expect(parseRoute(line)).toMatchObject({
      family: 4,
      metrics: { 2: 1300, 16: 'cubic' },
      prefSrc: '10.9.0.3',
      expiresS: 60,
      nexthops: [{ gateway: 'fe80::1', gatewayFamily: 6 }],
    });
  });

  it.each([
    ['default', 'the route "default" has no link'],
    ['default nexthop via 10.9.0.1', 'a leg of the route'],
    ['default via 10.9.0 dev eth0', 'the gateway must be an IP address'],
    ['default via 10.9.0.1 dev eth0 src 2001:db8::1', 'the preferred source must be an IPv4 address'],
    ['default via 10.9.0.1 dev eth0 proto ospf', 'the protocol must be a number or one of kernel, boot, static'],
  ])('%s is refused', (line, message) => {
    expect(() => parseRoute(line)).toThrow(message);
  });
});

describe('rules in the notation of ip', () => {
  it('are of the family of their addresses, of the one that is said, or of both', () => {
    expect(parseRule('from 10.9.0.3 lookup 100 priority 5').map(rule => rule.family)).toEqual([4]);
    expect(parseRule('-6 iif eth0 lookup 100 priority 5').map(rule => rule.family)).toEqual([6]);
    expect(parseRule('fwmark 0x64/0xff lookup 200 priority 5')).toMatchObject([
      { family: 4, fwmark: 0x64, fwmask: 0xff },
      { family: 6, fwmark: 0x64, fwmask: 0xff },
    ]);
  });

  it('invert, go to others, and refuse', () => {
    expect(parseRule('not from 10.0.0.0/8 lookup main priority 5')[0]).toMatchObject({ flags: 2, table: 254 });
    expect(parseRule('-4 goto 100 priority 5')[0]).toMatchObject({ action: 2, goto: 100, table: 0 });
    expect(parseRule('to 2001:db8::/32 prohibit priority 5')[0]).toMatchObject({ family: 6, action: 8 });
  });

  it.each([
    ['from 10.9.0.3 lookup 100', 'has no priority'],
    ['from 10.9.0.3 to 2001:db8::1 priority 5', 'mixes IPv4 and IPv6'],
    ['dport 1- priority 5', 'a range must be like 1000-2000'],
    ['from 10.9.0.3 table 100 priority 5', '"table" is not known of a rule'],
  ])('%s is refused', (line, message) => {
    expect(() => parseRule(line)).toThrow(message);
  });
});

describe('neighbours in the notation of ip', () => {
  it('are permanent unless another state is said', () => {
    expect(parseNeighbour('10.9.0.50 lladdr 02:00:00:00:00:50')).toMatchObject({ family: 4, state: 0x80 });
    expect(parseNeighbour('fe80::1 lladdr 02:00:00:00:00:01 nud stale router')).toMatchObject({
      state: 4,
      flags: 0x80,
    });
  });

  it.each([
    ['10.9.0.50 lladdr 02:00', 'is no MAC'],
    ['10.9.0.50 nud dead', 'the state must be one of incomplete'],
  ])('%s is refused', (line, message) => {
    expect(() => parseNeighbour(line)).toThrow(message);
  });
});
