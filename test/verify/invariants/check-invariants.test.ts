import { describe, expect, it } from 'vitest';
import { IFA_F_PERMANENT, IFA_F_TENTATIVE } from '../../../src/domain/address.ts';
import { IFF_UP } from '../../../src/domain/link.ts';
import { FIB_RULE_IIF_DETACHED } from '../../../src/domain/rule.ts';
import { checkInvariants } from '../../../src/verify/invariants/check-invariants.ts';
import type { EndedRun } from '../../../src/verify/invariants/ended-run.ts';
import * as hosts from '../../domain/precheck/hosts.ts';
import {
  BEFORE,
  BYSTANDER,
  endedRun,
  HOST_PORT,
  ID,
  planOf,
  UPLINK,
  withAfter,
  withKernel,
  withOvs,
} from './ended-runs.ts';

const committed = endedRun('committed');
const rolledBack = endedRun('rolledBack');
const refused = endedRun('refused');

/** `I1 missing: address 10.9.0.2/24 on eth0`, one a violation. */
function told(run: EndedRun): string[] {
  return checkInvariants(run).map(({ invariant, what, object }) => `${invariant} ${what}: ${object}`);
}

function without<T>(list: readonly T[], at: (one: T) => boolean): readonly T[] {
  const rest = list.filter(one => !at(one));
  expect(rest.length).toBeLessThan(list.length);
  return rest;
}

function changed<T>(list: readonly T[], at: (one: T) => boolean, change: Partial<T>): readonly T[] {
  expect(list.some(at)).toBe(true);
  return list.map(one => (at(one) ? { ...one, ...change } : one));
}

describe('a run that ended well', () => {
  it.each([
    ['committed', committed],
    ['committed as bridge-port', endedRun('committed', {}, 'bridge-port')],
    ['committed as exchange-names', endedRun('committed', {}, 'exchange-names')],
    ['rolled back', rolledBack],
    ['refused', refused],
  ])('%s: all invariants hold', (_title, run) => {
    expect(checkInvariants(run)).toEqual([]);
  });

  it('may have read lifetimes a second apart, and find an address tentative for a moment', () => {
    const lease = { validLifetimeS: 100, preferredLifetimeS: 50 };
    const run = endedRun('rolledBack', {
      base: {
        ...BEFORE,
        kernel: { ...BEFORE.kernel, addresses: changed(BEFORE.kernel.addresses, a => a.local === '10.9.0.2', lease) },
      },
    });
    const aged = withKernel(run, kernel => ({
      addresses: kernel.addresses.map(a =>
        a.local === '10.9.0.2'
          ? { ...a, validLifetimeS: 96, preferredLifetimeS: 46 }
          : a.local === '2001:db8:9::2'
            ? { ...a, flags: a.flags | IFA_F_TENTATIVE }
            : a,
      ),
    }));
    expect(told(aged)).toEqual([]);
    expect(told(run)).toEqual([
      'I7 validLifetimeS differs: address 10.9.0.2/24 on eth0',
      'I7 preferredLifetimeS differs: address 10.9.0.2/24 on eth0',
    ]);
  });

  it('is not blamed for what others had their hands on', () => {
    const run = withKernel(rolledBack, kernel => ({
      routes: without(kernel.routes, r => r.destination === '0.0.0.0/0'),
    }));
    const object = 'route default via 10.9.0.1 dev eth0';
    expect(told(run)).toEqual([`I1 missing: ${object}`, `I7 missing: ${object}`]);
    expect(told({ ...run, foreign: [object] })).toEqual([]);
  });
});

describe('I1, nothing is lost', () => {
  const cases: readonly [string, EndedRun, string][] = [
    [
      'an address that is on neither link',
      withKernel(committed, k => ({ addresses: without(k.addresses, a => a.local === '10.9.0.3') })),
      'I1 missing: address 10.9.0.3/24 on eth0',
    ],
    [
      'a route that goes over neither link',
      withKernel(committed, k => ({ routes: without(k.routes, r => r.destination === '0.0.0.0/0') })),
      'I1 missing: route default via 10.9.0.1 dev eth0',
    ],
    [
      'a rule',
      withKernel(committed, k => ({ rules: without(k.rules, r => r.priority === 100) })),
      'I1 missing: IPv4 rule 100 from 10.9.0.3/32 table 100',
    ],
    [
      'a rule that refers to no link any more',
      withKernel(committed, k => ({
        rules: changed(k.rules, r => r.iif === 'eth0', { flags: FIB_RULE_IIF_DETACHED }),
      })),
      'I1 detached: IPv4 rule 110 iif eth0 table 100',
    ],
    [
      'a label that did not come along',
      withKernel(committed, k => ({ addresses: changed(k.addresses, a => a.label === 'eth0:web', { label: 'eth0' }) })),
      'I1 label differs: address 10.9.0.3/24 on eth0',
    ],
    [
      'the order of addresses',
      withKernel(committed, k => ({ addresses: k.addresses.toReversed() })),
      'I1 order differs: IPv4 addresses of eth0',
    ],
    [
      'a permanent neighbour',
      withKernel(committed, k => ({ neighbours: without(k.neighbours, n => n.linkIndex === HOST_PORT) })),
      'I1 missing or different: neighbour 10.9.0.50 on eth0',
    ],
    [
      'the MTU of the uplink',
      withKernel(committed, k => ({ links: changed(k.links, l => l.index === UPLINK, { mtu: 1400 }) })),
      'I1 mtu differs: link eth0',
    ],
    [
      'a sysctl of the host port',
      withAfter(committed, { sysctls: { ...committed.after.sysctls, eth0: { 'ipv4/conf/{link}/rp_filter': '2' } } }),
      'I1 differs: sysctl ipv4/conf/eth0/rp_filter',
    ],
  ];
  it.each(cases)('%s', (_title, run, expected) => {
    expect(told(run)).toContain(expected);
  });

  it('a rule that names the uplink has a copy for a host port of another name', () => {
    const run = endedRun('committed', {}, 'bridge-port');
    const bare = withKernel(run, k => ({ rules: without(k.rules, r => r.iif === 'br-ext') }));
    expect(told(bare)).toEqual(['I1 missing: IPv4 rule 110 iif br-ext table 100']);
  });

  it('an address may be gone once it has expired', () => {
    const lease = { validLifetimeS: 4, preferredLifetimeS: 4 };
    const addresses = changed(BEFORE.kernel.addresses, a => a.local === '10.9.0.3', lease);
    const run = endedRun('rolledBack', { base: { ...BEFORE, kernel: { ...BEFORE.kernel, addresses } } });
    expect(told(withKernel(run, () => ({ addresses: addresses.filter(a => a.local !== '10.9.0.3') })))).toEqual([]);
  });
});

describe('I2, every run comes to an end', () => {
  const stranded = withAfter(endedRun('stranded', { faultsEnded: false }), { journal: true });

  it('stranded in the way of a fault is no violation, after a kill or once faults have ended it is', () => {
    expect(told(stranded)).toEqual([]);
    expect(told({ ...stranded, wasKilled: true })).toEqual(['I2 stranded after a kill: run of eth0']);
    expect(told({ ...stranded, faultsEnded: true })).toEqual([
      'I2 stranded though nothing is in the way any more: run of eth0',
    ]);
  });

  it('rows are left to a later start only while Open vSwitch does not answer', () => {
    const pending = withAfter({ ...rolledBack, pendingRows: true, ovsAnswers: false }, { journal: true });
    expect(told(pending)).toEqual([]);
    expect(told({ ...pending, ovsAnswers: true })).toEqual(['I2 rows left to a later start: run of eth0']);
  });

  it('a committed run has written so', () => {
    expect(told({ ...committed, journals: committed.journals.slice(0, 1) })).toEqual([
      'I2 journal behind: journal of eth0',
    ]);
  });
});

describe('I3, kernel and OVSDB agree', () => {
  const cases: readonly [string, EndedRun, string][] = [
    [
      'ovs-vswitchd could not make the port',
      withOvs(committed, o => ({
        interfaces: changed(o.interfaces, i => i.name === 'eth0~', { ofport: -1, error: 'Device or resource busy' }),
      })),
      'I3 not applied: port eth0~',
    ],
    [
      'the row is about another link',
      withOvs(committed, o => ({ interfaces: changed(o.interfaces, i => i.name === 'eth0', { ifindex: 7 }) })),
      'I3 about another link: port eth0',
    ],
    [
      'the uplink is in no bridge',
      withOvs(committed, o => ({ ports: without(o.ports, p => p.name === 'eth0~') })),
      'I3 not in the bridge: port eth0~',
    ],
    [
      'the kernel never gave the uplink to the datapath',
      withKernel(committed, k => ({ links: changed(k.links, l => l.index === UPLINK, { promiscuity: 0 }) })),
      'I3 not in the datapath: link eth0',
    ],
    [
      'the host port is down',
      withKernel(committed, k => ({ links: changed(k.links, l => l.index === HOST_PORT, { flags: 0 }) })),
      'I3 down: host port eth0',
    ],
    [
      'the host port is gone',
      withKernel(committed, k => ({ links: without(k.links, l => l.index === HOST_PORT) })),
      'I3 gone: host port eth0',
    ],
    ['the kernel answers on the uplink', withAfter(committed, { muted: [] }), 'I3 not muted: link eth0'],
    ['the host port is deaf', withAfter(committed, { muted: ['eth0~', 'eth0'] }), 'I3 muted: host port eth0'],
    [
      'an address is still on the uplink',
      withKernel(committed, k => ({ addresses: [...k.addresses, ...BEFORE.kernel.addresses.slice(0, 1)] })),
      'I3 left on the uplink: address 10.9.0.2/24 on eth0',
    ],
    [
      'a route is still on the uplink',
      withKernel(committed, k => ({ routes: [...k.routes, hosts.connectedRoute] })),
      'I3 left on the uplink: route 10.9.0.0/24 dev eth0',
    ],
  ];
  it.each(cases)('%s', (_title, run, expected) => {
    expect(told(run)).toContain(expected);
  });
});

describe('I4, what is not ours stays', () => {
  const cases: readonly [string, (run: EndedRun) => EndedRun, string][] = [
    [
      'a link',
      run => withKernel(run, k => ({ links: without(k.links, l => l.index === BYSTANDER) })),
      'I4 deleted: link eth1',
    ],
    [
      'the state of a link',
      run =>
        withKernel(run, k => ({
          links: k.links.map(l => (l.index === BYSTANDER ? { ...l, flags: l.flags & ~IFF_UP } : l)),
        })),
      'I4 up differs: link eth1',
    ],
    [
      'an address of another link',
      run => withKernel(run, k => ({ addresses: without(k.addresses, a => a.linkIndex === BYSTANDER) })),
      'I4 missing: address 10.19.0.2/24 on eth1',
    ],
    [
      'a route over another link',
      run => withKernel(run, k => ({ routes: without(k.routes, r => r.destination === '10.50.0.0/16') })),
      'I4 missing: route 10.50.0.0/16 via 10.19.0.1 dev eth1',
    ],
    [
      'a neighbour on another link',
      run => withKernel(run, k => ({ neighbours: without(k.neighbours, n => n.linkIndex === BYSTANDER) })),
      'I4 missing or different: neighbour 10.9.0.50 on eth1',
    ],
    [
      'a sysctl of another link',
      run => withAfter(run, { sysctls: { ...run.after.sysctls, eth1: {} } }),
      'I4 differs: sysctl ipv4/conf/eth1/rp_filter',
    ],
    [
      'a bridge',
      run => withOvs(run, o => ({ bridges: without(o.bridges, b => b.name === 'br-int') })),
      'I4 deleted: bridge br-int',
    ],
    [
      'a port of a bridge',
      run => withOvs(run, o => ({ bridges: changed(o.bridges, b => b.name === 'br-int', { ports: [] }) })),
      'I4 ports taken off: bridge br-int',
    ],
    [
      'what others noted at a port',
      run => withOvs(run, o => ({ ports: changed(o.ports, p => p.name === 'vm1', { externalIds: { vm: 'b' } }) })),
      'I4 changed: port vm1',
    ],
  ];
  it.each(cases)('%s, committed', (_title, change, expected) => {
    expect(told(change(committed))).toContain(expected);
  });
  it.each(cases)('%s, rolled back', (_title, change, expected) => {
    expect(told(change(rolledBack))).toContain(expected);
  });

  it('what was deleted and put back was deleted', () => {
    const rule = hosts.rule({ priority: 100, from: '10.9.0.3/32' });
    const remove = { effect: { op: 'rule.remove', rule }, done: true } as const;
    expect(told({ ...rolledBack, effects: [remove] })).toEqual([
      'I4 rule.remove of what is not ours: IPv4 rule 100 from 10.9.0.3/32 table 100',
    ]);
    // A rule of our own, and one that the kernel refused to remove.
    const add = { effect: { op: 'rule.add', rule }, done: true } as const;
    expect(told({ ...rolledBack, effects: [add, remove] })).toEqual([]);
    expect(told({ ...rolledBack, effects: [{ ...remove, done: false }] })).toEqual([]);
  });

  it('a vport of somebody else is not ours to delete', () => {
    const remove = (port: string) => ({ effect: { op: 'vport.delete', port }, done: true }) as const;
    expect(told({ ...rolledBack, effects: [remove('eth0~'), remove('eth0'), remove('br-ext')] })).toEqual([]);
    expect(told({ ...rolledBack, effects: [remove('vm1')] })).toEqual([
      'I4 vport.delete of what is not ours: port vm1',
    ]);
  });

  it('an address of another link is not ours to remove, one of the uplink is', () => {
    const remove = (linkIndex: number) =>
      ({ effect: { op: 'address.remove', address: hosts.address({ linkIndex }) }, done: true }) as const;
    expect(told({ ...rolledBack, effects: [remove(UPLINK), remove(HOST_PORT)] })).toEqual([]);
    expect(told({ ...rolledBack, effects: [remove(BYSTANDER)] })).toEqual([
      'I4 address.remove of what is not ours: address 10.9.0.2/24',
    ]);
  });
});

describe('I5, as reachable as before', () => {
  it.each([
    ['committed', committed],
    ['rolled back', rolledBack],
  ])('%s: a gateway that answered must answer', (_title, run) => {
    const silent = withAfter(run, { reachable: { '10.9.0.1': false, '10.9.0.254': false } });
    expect(told(silent)).toEqual(['I5 unreachable: gateway 10.9.0.1']);
    expect(told(withAfter(run, { reachable: {} }))).toEqual(['I5 unreachable: gateway 10.9.0.1']);
  });
});

describe('I6, a retry has what it needs', () => {
  it('the snapshot is taken once', () => {
    const [first, last] = rolledBack.journals;
    const late = { ...last!, snapshot: { ...last!.snapshot, addresses: [] } };
    expect(told({ ...rolledBack, journals: [first!, late] })).toEqual(['I6 snapshot rewritten: journal of eth0']);
    expect(told({ ...rolledBack, journals: [first!, { ...late, id: 'm-2' }] })).toEqual([]);
  });

  it('nothing is changed before the journal is written', () => {
    const effects = [{ effect: { op: 'ovs.rows.remove', rows: planOf().rows }, done: true }] as const;
    expect(told({ ...rolledBack, journals: [], effects })).toEqual(['I6 changes without a journal: journal of eth0']);
    expect(told({ ...rolledBack, effects })).toEqual([]);
  });

  it('the journal stays as long as it is needed', () => {
    expect(told(withAfter(committed, { journal: false }))).toEqual(['I6 journal gone: journal of eth0']);
  });
});

describe('I7, rolled back means equal', () => {
  const extra = hosts.address({ local: '10.9.0.77', label: 'eth0' });
  const cases: readonly [string, EndedRun, string][] = [
    [
      'the name',
      withKernel(rolledBack, k => ({ links: changed(k.links, l => l.index === UPLINK, { name: 'eth0~' }) })),
      'I7 name differs: link eth0',
    ],
    [
      'an altname that the guard forgot',
      withKernel(rolledBack, k => ({ links: changed(k.links, l => l.index === UPLINK, { altnames: ['eth0~'] }) })),
      'I7 altnames differ: link eth0',
    ],
    [
      'the datapath still has it',
      withKernel(rolledBack, k => ({ links: changed(k.links, l => l.index === UPLINK, { promiscuity: 1 }) })),
      'I7 promiscuity differs: link eth0',
    ],
    [
      'a flag of an address',
      withKernel(rolledBack, k => ({ addresses: changed(k.addresses, a => a.local === 'fe80::2', { flags: 0x82 }) })),
      'I7 flags differs: address fe80::2/64 on eth0',
    ],
    [
      'an address more',
      withKernel(rolledBack, k => ({ addresses: [...k.addresses, extra] })),
      'I7 surplus: address 10.9.0.77/24 on eth0',
    ],
    [
      'the order of addresses',
      withKernel(rolledBack, k => ({ addresses: k.addresses.toReversed() })),
      'I7 order differs: IPv4 addresses of eth0',
    ],
    [
      'the metric of a route',
      withKernel(rolledBack, k => ({
        routes: changed(k.routes, r => r.destination === '0.0.0.0/0', { metrics: { 2: 1400 } }),
      })),
      'I7 missing or different: route default via 10.9.0.1 dev eth0',
    ],
    [
      'a dead leg',
      withKernel(rolledBack, k => ({
        routes: changed(k.routes, r => r.destination === '10.9.0.0/24', { nexthops: [hosts.hop({ flags: 1 })] }),
      })),
      'I7 missing or different: route 10.9.0.0/24 dev eth0',
    ],
    [
      'a route twice',
      withKernel(rolledBack, k => ({ routes: [...k.routes, hosts.route()] })),
      'I7 surplus: route default via 10.9.0.1 dev eth0',
    ],
    [
      'a local route',
      withKernel(rolledBack, k => ({ routes: without(k.routes, r => r.table === 255) })),
      'I7 missing: route local 10.9.0.2/32 table local dev eth0',
    ],
    [
      'the order of rules',
      withKernel(rolledBack, k => ({ rules: k.rules.toReversed() })),
      'I7 differ from entry 0: IPv4 rules',
    ],
    [
      'a permanent neighbour',
      withKernel(rolledBack, k => ({ neighbours: without(k.neighbours, n => n.linkIndex === UPLINK) })),
      'I7 missing or different: neighbour 10.9.0.50 on eth0',
    ],
    [
      'a sysctl',
      withAfter(rolledBack, { sysctls: { ...BEFORE.sysctls, eth0: { 'ipv4/conf/{link}/rp_filter': '2' } } }),
      'I7 differs: sysctl ipv4/conf/eth0/rp_filter',
    ],
    [
      'the host port is still there',
      withKernel(rolledBack, k => ({ links: [...k.links, hosts.virtualLink(HOST_PORT, 'br-ext', 'tun')] })),
      'I7 left behind: link br-ext',
    ],
    ['a mute', withAfter(rolledBack, { muted: ['eth0'] }), 'I7 left muted: link eth0'],
    ['a row of ours', withAfter(rolledBack, { ovs: committed.after.ovs }), 'I7 row left behind: bridge br-ext'],
    ['the journal', withAfter(rolledBack, { journal: true }), 'I7 left behind: journal of eth0'],
  ];
  it.each(cases)('%s', (_title, run, expected) => {
    expect(told(run)).toContain(expected);
  });

  it('two routes of one key come back in their order', () => {
    const twice = [
      hosts.route({ destination: '10.9.0.0/24', protocol: 2, scope: 253, nexthops: [hosts.hop()] }),
      hosts.route({
        destination: '10.9.0.0/24',
        protocol: 2,
        scope: 253,
        nexthops: [hosts.hop({ linkIndex: BYSTANDER })],
      }),
    ];
    const kernel = { ...BEFORE.kernel, routes: twice };
    const run = endedRun('rolledBack', { base: { ...BEFORE, kernel }, after: { ...BEFORE, kernel } });
    expect(told(run)).toEqual([]);
    expect(told(withKernel(run, () => ({ routes: twice.toReversed() })))).toContain(
      'I7 order differs: route 10.9.0.0/24 dev eth0',
    );
  });

  it('refused means that nothing was even tried', () => {
    const effects = [
      { effect: { op: 'link.set', link: { index: UPLINK, name: 'eth0' }, up: true }, done: true },
    ] as const;
    expect(told({ ...refused, plan: planOf(), effects })).toContain('I7 changed though refused: run of eth0');
  });

  it('rows and links of Open vSwitch may stay while it does not answer, nothing else', () => {
    const pending = {
      ...withKernel(rolledBack, k => ({
        links: [
          ...changed(k.links, l => l.index === UPLINK, { promiscuity: 1 }),
          hosts.virtualLink(HOST_PORT, 'br-ext', 'tun'),
        ],
      })),
      pendingRows: true,
      ovsAnswers: false,
    };
    const kept = withAfter(pending, { journal: true, ovs: committed.after.ovs });
    expect(told(kept)).toEqual([]);
    expect(told(withAfter(kept, { muted: ['eth0'] }))).toEqual(['I7 left muted: link eth0']);
    expect(told(withAfter(kept, { journal: false }))).toEqual(['I6 journal gone: journal of eth0']);
  });

  it('a refused run leaves the journal of an earlier one alone', () => {
    const run = endedRun('refused', { base: { ...BEFORE, journal: true } });
    expect(told(run)).toEqual(['I7 taken away: journal of eth0']);
    expect(told(withAfter(run, { journal: true }))).toEqual([]);
  });

  it('an uplink that somebody took away is not missed', () => {
    const kernel = {
      ...BEFORE.kernel,
      links: without(BEFORE.kernel.links, l => l.index === UPLINK),
      addresses: without(BEFORE.kernel.addresses, a => a.linkIndex === UPLINK),
      routes: without(BEFORE.kernel.routes, r => r.nexthops[0]?.linkIndex === UPLINK),
      neighbours: without(BEFORE.kernel.neighbours, n => n.linkIndex === UPLINK),
    };
    const gone = { ...BEFORE, kernel, reachable: {} };
    expect(told(endedRun('rolledBack', { base: gone, after: gone }))).toEqual([]);
  });

  it('an address that somebody added meanwhile must be there, wherever and however the kernel has it', () => {
    const kernel = { ...BEFORE.kernel, addresses: [...BEFORE.kernel.addresses, extra] };
    const run = endedRun('rolledBack', { base: { ...BEFORE, kernel } });
    const now = [{ ...extra, label: 'eth0:2' }, ...BEFORE.kernel.addresses];
    expect(told(withKernel(run, () => ({ addresses: now })))).toEqual([]);
    expect(told(run)).toEqual(['I1 missing: address 10.9.0.77/24 on eth0', 'I7 missing: address 10.9.0.77/24 on eth0']);
  });

  it('a link that somebody made meanwhile may have another ifindex than it would have had without us', () => {
    const made = (index: number) => hosts.virtualLink(index, 'dummy7', 'dummy', { mac: '02:00:00:00:00:07' });
    const kernel = { ...BEFORE.kernel, links: [...BEFORE.kernel.links, made(4)] };
    const run = endedRun('rolledBack', { base: { ...BEFORE, kernel, sysctls: { ...BEFORE.sysctls, dummy7: {} } } });
    expect(told(withKernel(run, k => ({ links: [...k.links, made(5)] })))).toEqual([]);
    expect(told(run)).toEqual(['I4 deleted: link dummy7']);
    const left = hosts.virtualLink(4, 'ovs-netdev', 'tun');
    expect(told(withKernel(run, k => ({ links: [...k.links, left, made(5)] })))).toEqual([
      'I7 left behind: link ovs-netdev',
    ]);
  });

  it('the local route of an address comes once the address is no longer tentative', () => {
    const local = hosts.route({
      table: 255,
      type: 2,
      protocol: 2,
      destination: 'fe80::2/128',
      nexthops: [hosts.hop()],
    });
    const kernel = { ...BEFORE.kernel, routes: [...BEFORE.kernel.routes, local] };
    const run = endedRun('rolledBack', { base: { ...BEFORE, kernel } });
    expect(told(run)).toEqual(['I7 missing: route local fe80::2/128 table local dev eth0']);
    const tentative = { flags: IFA_F_TENTATIVE | IFA_F_PERMANENT };
    const waiting = withKernel(run, k => ({ addresses: changed(k.addresses, a => a.local === 'fe80::2', tentative) }));
    expect(told(waiting)).toEqual([]);
  });

  it('the id of the migration does not matter to what is left behind', () => {
    const marked = withOvs(rolledBack, o => ({
      ports: [...o.ports, { uuid: 'p', name: 'x', interfaces: [], externalIds: { 'ovs-uplink:id': `${ID}-other` } }],
    }));
    expect(told(marked)).toEqual(['I7 row left behind: port x']);
  });
});
