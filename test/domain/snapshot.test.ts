import { describe, expect, it } from 'vitest';
import { NUD_PERMANENT, NUD_REACHABLE } from '../../src/domain/neighbour.ts';
import { isKernelOwned, takeSnapshot } from '../../src/domain/snapshot.ts';
import { address, connectedRoute, ETH0, hop, kernelWith, LO, route, rule } from './precheck/hosts.ts';

const neighbour = { family: 4, address: '10.9.0.9', mac: '02::', flags: 0, protocol: null } as const;

describe('a snapshot', () => {
  const kernel = kernelWith({
    addresses: [address({ local: '10.9.0.3' }), address({ local: '10.19.0.2', linkIndex: 9 })],
    routes: [
      route({ table: 200, nexthops: [hop({ linkIndex: 9 }), hop()] }),
      route({ table: 255, destination: '10.9.0.2/32', type: 2, nexthops: [hop()] }),
      route({ destination: '10.19.0.0/24', nexthops: [hop({ linkIndex: 9 })] }),
      route({ destination: '198.19.0.0/16', type: 6, nexthops: [] }),
    ],
    rules: [rule({ iif: 'eth9' })],
    neighbours: [
      { ...neighbour, linkIndex: ETH0, state: NUD_PERMANENT },
      { ...neighbour, linkIndex: ETH0, state: NUD_REACHABLE, address: '10.9.0.1' },
      { ...neighbour, linkIndex: LO, state: NUD_PERMANENT },
    ],
  });
  const taken = takeSnapshot(kernel, ETH0, { 'ipv4/conf/{link}/rp_filter': '1' })!;

  it('has the link’s addresses and permanent neighbours in order, and no other link’s', () => {
    expect(taken.link.name).toBe('eth0');
    expect(taken.addresses.map(a => a.local)).toEqual(['10.9.0.2', '10.9.0.3']);
    expect(taken.neighbours.map(n => n.address)).toEqual(['10.9.0.9']);
    expect(taken.sysctls).toEqual({ 'ipv4/conf/{link}/rp_filter': '1' });
  });

  it('has every route with a leg on the link, of any table, but those that the kernel makes by itself', () => {
    expect(taken.routes.map(r => `${r.table} ${r.destination}`)).toEqual([
      '254 0.0.0.0/0',
      '254 10.9.0.0/24',
      '200 0.0.0.0/0',
    ]);
  });

  it('has all rules: they name links and tables, whoever made them', () => {
    expect(taken.rules).toEqual(kernel.rules);
  });

  it('of a link that is not there is undefined', () => {
    expect(takeSnapshot(kernel, 4711, {})).toBeUndefined();
  });
});

it.each([
  ['the local table', route({ table: 255 }), true],
  ['IPv6 multicast', route({ destination: 'ff00::/8', table: 255, type: 5 }), true],
  ['IPv6 multicast in the main table', route({ destination: 'ff00::/8' }), true],
  ['the kernel’s link-local prefix', route({ destination: 'fe80::/64', protocol: 2 }), true],
  ['a link-local prefix that a person made', route({ destination: 'fe80::/64', protocol: 4 }), false],
  ['a connected route', connectedRoute, false],
  ['a default route', route(), false],
])('%s belongs to the kernel or not', (_, candidate, expected) => {
  expect(isKernelOwned(candidate)).toBe(expected);
});
