import { describe, expect, it } from 'vitest';
import type { Link } from '../../../src/domain/link.ts';
import { IFF_UP } from '../../../src/domain/link.ts';
import { identify } from '../../../src/domain/move/identity.ts';
import type { MoveWay } from '../../../src/domain/move/plan.ts';
import type { MoveSight } from '../../../src/domain/move/steps.ts';
import { moveEffects, returnEffects } from '../../../src/domain/move/steps.ts';
import { kernel, link } from '../precheck/hosts.ts';
import { moveRequest } from './move-request.ts';

const UP = link({ index: 5, name: 'eth5', altnames: ['enp5s0'], flags: IFF_UP });
const DOWN: Link = { ...UP, flags: 0 };
const OTHER = link({ index: 9, name: 'other', altnames: [], permanentMac: '02:09:09:09:09:09' });
const TRANSIT = '/state/eth5.netns';
const TARGET = '/run/netns/pod1';

interface Scene {
  readonly way?: MoveWay;
  readonly name?: string;
  readonly home?: readonly Link[];
  readonly target?: readonly Link[];
  readonly transit?: readonly Link[];
  readonly was?: Link;
}

function sightOf({ way = 'message', name = 'net1', home = [], target = [], transit, was = UP }: Scene): MoveSight {
  const own = (links: readonly Link[] | undefined): Link | undefined => links?.find(({ mac }) => mac === UP.mac);
  const request = moveRequest({ netns: TARGET, name });
  return {
    plan: { id: 'id', request, identity: identify(was), target: '4:1', way, transit: TRANSIT },
    snapshot: { link: was, addresses: [], routes: [], rules: [], neighbours: [], sysctls: {} },
    elapsedS: 0,
    home: kernel({ links: home, addresses: [], routes: [] }),
    target: kernel({ links: target, addresses: [], routes: [] }),
    transit: transit === undefined ? null : kernel({ links: transit, addresses: [], routes: [] }),
    atHome: own(home),
    atTarget: own(target),
    inTransit: own(transit),
    sysctls: {},
  };
}

const OTHERS: readonly Link[] = [{ ...OTHER, mac: '02:09:09:09:09:09' }];
const wearing = (name: string, altnames: readonly string[] = []): readonly Link[] =>
  OTHERS.map(one => ({ ...one, name, altnames }));

/** What is done, as short lines. */
function leaving(scene: Scene): readonly string[] {
  return moveEffects('moving', sightOf(scene)).map(describeIt);
}
function bringingHome(scene: Scene): readonly string[] {
  return returnEffects('bringingHome', sightOf(scene)).map(describeIt);
}
function describeIt({ at, effect }: ReturnType<typeof moveEffects>[number]): string {
  const { op, link: _link, ...rest } = effect as { op: string; link: unknown };
  return `${at}: ${op} ${JSON.stringify(rest)}`;
}

describe('on the way there', () => {
  it('one message does all, and a link that was down stays down', () => {
    expect(leaving({ home: [UP] })).toEqual([`home: link.move {"to":"${TARGET}","name":"net1","up":true}`]);
    expect(leaving({ home: [DOWN], was: DOWN })).toEqual([`home: link.move {"to":"${TARGET}","name":"net1"}`]);
    expect(leaving({ target: [{ ...UP, name: 'net1' }] })).toEqual([]);
  });

  it('an altname that is to be its name goes first', () => {
    expect(leaving({ home: [UP], name: 'enp5s0' })[0]).toBe('home: altname.remove {"altname":"enp5s0"}');
  });

  it('by steps it is renamed in a namespace of ours, and not at home', () => {
    expect(leaving({ way: 'steps', home: [UP] })).toEqual([`home: link.move {"to":"${TRANSIT}","name":null}`]);
    expect(leaving({ way: 'steps', transit: [DOWN] })).toEqual(['transit: link.rename {"to":"net1"}']);
    const renamed = { ...DOWN, name: 'net1' };
    expect(leaving({ way: 'steps', transit: [renamed] })).toEqual([
      `transit: link.move {"to":"${TARGET}","name":null,"up":true}`,
    ]);
  });
});

describe('on the way back', () => {
  const inside = { ...UP, name: 'inside' };

  it('it has its name before it comes home', () => {
    expect(bringingHome({ target: [inside] })).toEqual([
      'target: link.set {"up":false}',
      'target: link.rename {"to":"eth5"}',
    ]);
    expect(bringingHome({ target: [DOWN] })).toEqual(['target: link.move {"to":"home","name":null}']);
    expect(bringingHome({ home: [DOWN] })).toEqual([]);
  });

  it('where its name is taken there, it gets it in a namespace of ours', () => {
    const taken = wearing('eth5');
    expect(bringingHome({ target: [inside, ...taken] })).toEqual([`target: link.move {"to":"${TRANSIT}","name":null}`]);
    expect(bringingHome({ target: taken, transit: [{ ...DOWN, name: 'inside' }] })).toEqual([
      'transit: link.rename {"to":"eth5"}',
    ]);
  });

  it('where its name is taken at home, it comes under a free one', () => {
    expect(bringingHome({ target: [DOWN], home: wearing('eth5') })).toEqual([
      'target: link.rename {"to":"ovs-uplink5"}',
    ]);
    expect(bringingHome({ target: [DOWN], home: [...wearing('x', ['eth5']), ...wearing('ovs-uplink5')] })).toEqual([
      'target: link.rename {"to":"ovs-uplink6"}',
    ]);
  });

  it('an altname that is taken at home is left behind', () => {
    expect(bringingHome({ target: [DOWN], home: wearing('enp5s0') })).toEqual([
      'target: altname.remove {"altname":"enp5s0"}',
    ]);
  });

  it('it has its ifindex again where that is free', () => {
    const renumbered = { ...DOWN, index: 77 };
    expect(bringingHome({ target: [renumbered] })).toEqual(['target: link.move {"to":"home","name":null,"index":5}']);
    const taken = OTHERS.map(one => ({ ...one, index: 5 }));
    expect(bringingHome({ target: [renumbered], home: taken })).toEqual([
      'target: link.move {"to":"home","name":null}',
    ]);
  });

  it('it becomes a port again of what it was one of, before it is up', () => {
    const bridge = { ...OTHER, index: 3, name: 'br0', kind: 'bridge', mac: '02:03:03:03:03:03' };
    const was = { ...UP, master: 3 };
    const [first] = returnEffects('restoringLink', sightOf({ home: [DOWN, bridge], was }));
    expect(first?.effect).toMatchObject({ op: 'link.set', master: 3 });
    // Open vSwitch takes its ports back by itself, and what is gone takes none.
    for (const links of [[DOWN, { ...bridge, kind: 'openvswitch' }], [DOWN]]) {
      const [next] = returnEffects('restoringLink', sightOf({ home: links, was }));
      expect(next?.effect).not.toHaveProperty('master');
    }
  });
});
