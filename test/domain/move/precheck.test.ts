import { describe, expect, it } from 'vitest';
import type { KernelState } from '../../../src/domain/kernel-state.ts';
import type { Link } from '../../../src/domain/link.ts';
import { IFF_LOOPBACK } from '../../../src/domain/link.ts';
import { MOVE_FINDING_CODES } from '../../../src/domain/move/finding-codes.ts';
import { identify } from '../../../src/domain/move/identity.ts';
import type { LinkUses, MoveInput } from '../../../src/domain/move/precheck.ts';
import { precheckMove } from '../../../src/domain/move/precheck.ts';
import type { MoveRequest } from '../../../src/domain/move/request.ts';
import { hop, link as linkOf, route } from '../precheck/hosts.ts';
import { moveRequest } from './move-request.ts';

const NIC = linkOf({ index: 5, name: 'eth5', altnames: ['enp5s0'] });
const FREE: LinkUses = { ovsBridge: null, migratedTo: null, sriov: null };

interface Case {
  readonly request?: Partial<MoveRequest>;
  readonly nic?: Partial<Link>;
  readonly others?: readonly Link[];
  readonly routes?: KernelState['routes'];
  readonly target?: readonly Link[];
  readonly uses?: Partial<LinkUses>;
}

function inputOf({ request, nic, others = [], routes = [], target = [], uses }: Case): MoveInput {
  const rest = { addresses: [], rules: [], neighbours: [] };
  return {
    request: moveRequest(request),
    home: { ...rest, links: [{ ...NIC, ...nic }, ...others], routes },
    target: { ...rest, links: target, routes: [] },
    uses: { ...FREE, ...uses },
  };
}

const findingsOf = (given: Case): readonly string[] => precheckMove(inputOf(given)).map(({ code }) => code);
const messageOf = (given: Case): string | undefined => precheckMove(inputOf(given))[0]?.message;

describe('the pre-check of a move', () => {
  it('has nothing to say where nothing is in the way', () => {
    expect(findingsOf({})).toEqual([]);
    // Names of links that are not in the target are free there.
    expect(findingsOf({ others: [linkOf({ index: 9, name: 'net1' })] })).toEqual([]);
  });

  it.each<[string, string, Case]>([
    ['move-link-missing', 'a link that is not there, with one of nearly this name', { request: { link: 'eth55' } }],
    ['move-link-other', 'another link has the name', { nic: { kind: 'veth' }, request: { identity: identify(NIC) } }],
    ['move-name-invalid', 'a name that is too long', { request: { name: 'a234567890123456' } }],
    ['move-name-invalid', 'a pattern, which the kernel would fill in', { request: { name: 'net%d' } }],
    ['move-name-taken', 'a link there', { target: [linkOf({ index: 2, name: 'net1' })] }],
    ['move-name-taken', 'an altname there', { target: [linkOf({ index: 2, name: 'x', altnames: ['net1'] })] }],
    ['move-altname-taken', 'its altname there', { target: [linkOf({ index: 2, name: 'enp5s0' })] }],
    ['move-link-stays', 'a bridge', { nic: { kind: 'bridge' } }],
    ['move-link-stays', 'a port of Open vSwitch', { nic: { kind: 'openvswitch' } }],
    ['move-link-stays', 'the loopback link', { nic: { flags: IFF_LOOPBACK } }],
    [
      'move-route-lost',
      'a leg of a route while it is down',
      {
        nic: { flags: 0 },
        routes: [route({ destination: '203.0.113.0/24', nexthops: [hop({ linkIndex: 5 })] })],
      },
    ],
    [
      'move-link-in-use',
      'the default route',
      { routes: [route({ nexthops: [hop({ linkIndex: 5, gateway: '10.55.0.9' })] })] },
    ],
    [
      'move-link-in-use',
      'a port of a bridge',
      { nic: { master: 7 }, others: [linkOf({ index: 7, name: 'br0', kind: 'bridge' })] },
    ],
    ['move-link-in-use', 'a VLAN on it', { others: [linkOf({ index: 8, name: 'eth5.100', kind: 'vlan', lower: 5 })] }],
    ['move-link-in-use', 'a port of Open vSwitch with the netdev datapath', { uses: { ovsBridge: 'br-int' } }],
    ['move-link-in-use', 'the uplink of a migration', { uses: { migratedTo: 'br-ext' } }],
    ['move-link-sriov', 'a virtual function', { uses: { sriov: { isVirtual: true } } }],
    ['move-link-sriov', 'virtual functions on it', { uses: { sriov: { isVirtual: false, functions: 4 } } }],
    ['move-qdisc-lost', 'a queueing discipline', { nic: { qdisc: 'htb' } }],
    [
      'link-protected',
      'a list of links',
      { request: { links: [{ from: 'x.yaml', protect: [{ by: 'name', glob: 'eth*' }], allow: null }] } },
    ],
    ['link-not-allowed', 'a list of links', { request: { links: [{ from: 'x.yaml', protect: [], allow: [] }] } }],
  ])('%s: %s', (code, _, given) => {
    expect(findingsOf(given)).toEqual([code]);
    // What nobody may accept is blocking also when it is accepted.
    const accepted = precheckMove(inputOf({ ...given, request: { ...given.request, accept: [code] } }));
    const isFinal = !['move-link-in-use', 'move-link-sriov', 'move-qdisc-lost'].includes(code);
    expect(accepted.map(({ severity }) => severity)).toEqual([isFinal ? 'blocking' : 'warning']);
  });

  it('names what it is about', () => {
    expect(precheckMove(inputOf({ request: { link: 'eth55' } }))[0]?.advice).toContain('eth5');
    expect(messageOf({ uses: { ovsBridge: 'br-int', migratedTo: 'br-ext' } })).toBe(
      'eth5 is in use here: ovs-uplink has moved it onto the bridge br-ext',
    );
    expect(messageOf({ target: [linkOf({ index: 2, name: 'enp5s0' })] })).toBe(
      'the altname enp5s0 of eth5 is taken in /run/netns/pod1, by enp5s0',
    );
  });

  it('a physical function without virtual ones is like any other', () => {
    expect(findingsOf({ uses: { sriov: { isVirtual: false, functions: 0 } } })).toEqual([]);
  });

  it('says what blocks first', () => {
    const found = precheckMove(inputOf({ nic: { qdisc: 'htb' }, uses: { ovsBridge: 'br-int' } }));
    expect(found.map(({ code }) => code)).toEqual(['move-link-in-use', 'move-qdisc-lost']);
    expect(Object.keys(MOVE_FINDING_CODES)).toEqual(expect.arrayContaining(found.map(({ code }) => code)));
  });
});
