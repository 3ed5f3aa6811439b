import { describe, expect, it } from 'vitest';
import { wayTo } from '../../../src/domain/precheck/route-lookup.ts';
import type { Route } from '../../../src/domain/route.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import { hop, route, rule } from './hosts.ts';

/** A route by its destination that leaves by the link of that index. */
function by(linkIndex: number, destination: string, more: Partial<Route> = {}): Route {
  return route({ destination, nexthops: [hop({ linkIndex })], ...more });
}

const MAIN = rule({ priority: 32766, table: 254 });

/** ifindexes by which a connection to the address may leave; or `local`, `none`. */
function leavesBy(address: string, routes: readonly Route[], rules: readonly Rule[] = []): readonly number[] | string {
  const way = wayTo({ routes, rules }, address, 6443);
  return way.kind === 'routes' ? way.routes.flatMap(one => one.nexthops.map(leg => leg.linkIndex ?? 0)) : way.kind;
}

describe('the way to an address', () => {
  const plain = [by(2, '0.0.0.0/0'), by(3, '10.0.0.0/8'), by(4, '10.9.0.0/16'), by(5, '10.9.0.0/16', { priority: 50 })];

  it.each([
    ['192.0.2.1', [2]],
    ['10.1.1.1', [3]],
    ['10.9.1.1', [4]],
    ['2001:db8::1', 'none'],
    ['nonsense', 'none'],
  ])('goes by the longest prefix, then the best metric: %s', (address, ways) => {
    expect(leavesBy(address, plain)).toEqual(ways);
  });

  it('takes all legs of a multipath route, and all routes of one prefix and metric', () => {
    expect(leavesBy('192.0.2.1', [route({ nexthops: [hop({ linkIndex: 2 }), hop({ linkIndex: 3 })] })])).toEqual([
      2, 3,
    ]);
    const v6 = (index: number): Route => by(index, '::/0', { family: 6, priority: 1024 });
    expect(leavesBy('2001:db8::1', [v6(2), v6(3)])).toEqual([2, 3]);
  });

  it('of the host itself is local; what the kernel refuses leads nowhere', () => {
    expect(leavesBy('10.9.0.2', [by(1, '10.9.0.2/32', { table: 255, type: 2 }), ...plain])).toBe('local');
    expect(leavesBy('10.9.1.1', [...plain, route({ destination: '10.9.1.0/24', type: 7, nexthops: [] })])).toBe('none');
  });

  it('passes over a route whose legs are all dead', () => {
    const dead = route({ destination: '10.9.0.0/16', nexthops: [hop({ linkIndex: 4, flags: 1 })] });
    expect(leavesBy('10.9.1.1', [by(3, '10.0.0.0/8'), dead])).toEqual([3]);
  });

  describe('by policy rules', () => {
    const routes = [by(2, '0.0.0.0/0'), by(7, '0.0.0.0/0', { table: 100 })];

    it.each([
      ['to the address', rule({ to: '10.9.0.0/16' }), [7]],
      ['to another', rule({ to: '10.8.0.0/16' }), [2]],
      ['to any port but this', rule({ destinationPorts: { start: 1, end: 6442 } }), [2]],
      ['for marked packets', rule({ fwmark: 1 }), [2]],
      ['from an address, which is chosen later', rule({ from: '10.9.0.2/32' }), [2]],
      ['from a link', rule({ iif: 'eth0' }), [2]],
      ['that is inverted', rule({ to: '10.8.0.0/16', flags: 2 }), [7]],
      ['that prohibits', rule({ action: 8 }), 'none'],
      ['that suppresses the default', rule({ suppressPrefixLength: 0 }), [2]],
    ])('%s', (_, one, ways) => {
      expect(leavesBy('10.9.1.1', routes, [MAIN, one])).toEqual(ways);
    });

    it('goes on after a table that throws, or that has nothing', () => {
      const thrown = [...routes, route({ destination: '10.9.0.0/16', table: 100, type: 9, nexthops: [] })];
      expect(leavesBy('10.9.1.1', thrown, [rule(), MAIN])).toEqual([2]);
      expect(leavesBy('10.9.1.1', routes, [rule({ table: 99 }), MAIN])).toEqual([2]);
    });

    it('jumps over the rules in between', () => {
      const jump = rule({ priority: 50, action: 2, goto: 32766 });
      expect(leavesBy('10.9.1.1', routes, [jump, rule(), MAIN])).toEqual([2]);
    });
  });
});
