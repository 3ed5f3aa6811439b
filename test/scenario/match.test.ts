import { describe, expect, it } from 'vitest';
import { matchValue } from '../../src/scenario/match.ts';
import type { Match } from '../../src/scenario/scenario.ts';

const HOST = {
  links: { eth0: { altnames: ['enp1s0', 'lan'], up: true, mtu: 1500, addresses: ['10.9.0.2/24', '10.9.0.3/24'] } },
  routes: ['default via 10.9.0.1 dev eth0', '10.9.0.0/24 src 10.9.0.2 dev eth0'],
  journal: null,
};

describe('a partial match', () => {
  it.each<[string, Match]>([
    ['an empty mapping', {}],
    ['some of the keys', { links: { eth0: { up: true } } }],
    ['the same list', { links: { eth0: { altnames: ['enp1s0', 'lan'] } } }],
    ['null for what is null', { journal: null }],
    ['null for what is not there', { links: { 'eth0~': null } }],
    ['nothing of something that is not there', { links: { 'eth0~': { altnames: null } } }],
    ['elements in any order', { links: { eth0: { altnames: { has: ['lan', 'enp1s0'] } } } }],
    ['one element without a list', { links: { eth0: { altnames: { has: 'lan', lacks: 'eth0' } } } }],
    ['a pattern', { routes: { has: ['/^default .* dev eth0$/'] } }],
    ['a pattern over a number', { links: { eth0: { mtu: '/^15/' } } }],
    ['patterns in a list', { routes: ['/default/', '/src 10.9.0.2/'] }],
  ])('takes %s', (_, expected) => {
    expect(matchValue(expected, HOST, 'host')).toEqual([]);
  });

  it.each<[string, Match, readonly string[]]>([
    ['another value', { links: { eth0: { up: false } } }, ['host.links.eth0.up: false, got true']],
    ['a text for a truth', { links: { eth0: { up: 'true' } } }, ['host.links.eth0.up: true, got true']],
    [
      'another list',
      { links: { eth0: { altnames: ['lan'] } } },
      ['host.links.eth0.altnames: ["lan"], got ["enp1s0","lan"]'],
    ],
    [
      'the same elements in another order',
      { links: { eth0: { altnames: ['lan', 'enp1s0'] } } },
      ['host.links.eth0.altnames[0]: lan, got enp1s0', 'host.links.eth0.altnames[1]: enp1s0, got lan'],
    ],
    [
      'an element that is missing and one too many',
      { links: { eth0: { addresses: { has: ['10.9.0.9/24'], lacks: ['10.9.0.3/24'] } } } },
      [
        'host.links.eth0.addresses: a list with 10.9.0.9/24, got ["10.9.0.2/24","10.9.0.3/24"]',
        'host.links.eth0.addresses: a list without 10.9.0.3/24, got ["10.9.0.2/24","10.9.0.3/24"]',
      ],
    ],
    ['something that should be gone', { links: { eth0: { mtu: null } } }, ['host.links.eth0.mtu: nothing, got 1500']],
    ['something that is not there', { links: { br: { up: true } } }, ['host.links.br: {"up":true}, got nothing']],
    ['a list where there is none', { journal: { has: ['x'] } }, ['host.journal: {"has":["x"]}, got nothing']],
    [
      'a mapping for a list',
      { routes: { first: 'x' } },
      [expect.stringContaining('host.routes: {"first":"x"}, got [')],
    ],
    ['a pattern that is not in it', { routes: { lacks: ['/^default/'] } }, [expect.stringContaining('a list without')]],
  ])('tells %s, and where', (_, expected, told) => {
    const differences = matchValue(expected, HOST, 'host');
    expect(differences.map(one => `${one.path}: ${one.expected}, got ${one.got}`)).toEqual(told);
  });

  it('tells all that differs', () => {
    const expected = { links: { eth0: { mtu: 9000, up: false } }, journal: 'committed' };
    expect(matchValue(expected, HOST, 'host').map(({ path }) => path)).toEqual([
      'host.links.eth0.mtu',
      'host.links.eth0.up',
      'host.journal',
    ]);
  });
});
