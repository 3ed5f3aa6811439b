import { describe, expect, it } from 'vitest';
import { IFA_F_TENTATIVE } from '../../../src/domain/address.ts';
import { FIB_RULE_IIF_DETACHED } from '../../../src/domain/rule.ts';
import { checkInvariants } from '../../../src/verify/invariants/check-invariants.ts';
import type { EndedRun } from '../../../src/verify/invariants/ended-run.ts';
import * as hosts from '../../domain/precheck/hosts.ts';
import { BEFORE, endedRun, HOST_PORT, UPLINK, withAfter, withKernel, withOvs } from './ended-runs.ts';
import { changed, told, without } from './telling.ts';

const committed = endedRun('committed');
const rolledBack = endedRun('rolledBack');
const refused = endedRun('refused');

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

describe('a way back that was refused', () => {
  it('leaves what was committed', () => {
    const run = { ...committed, result: 'refused' } as const;
    expect(told(run)).toEqual([]);
    expect(told(withAfter(run, { muted: [] }))).toEqual(['I3 not muted: link eth0']);
    // Half of it taken back is no refusal.
    expect(told(withAfter(run, { kernel: BEFORE.kernel }))).toContain('I3 name differs: link eth0');
  });
});

describe('what somebody put on the uplink after the snapshot', () => {
  const late = hosts.route({ destination: '198.51.100.128/25', scope: 253, nexthops: [hosts.hop()] });
  const address = hosts.address({ local: '198.51.100.77', prefixLength: 32, label: 'eth0' });
  const kernel = {
    ...BEFORE.kernel,
    routes: [...BEFORE.kernel.routes, late],
    addresses: [...BEFORE.kernel.addresses, address],
  };
  const run = endedRun('committed', { base: { ...BEFORE, kernel } });

  it('may stay there, but must not be lost', () => {
    const kept = withKernel(run, k => ({ routes: [...k.routes, late], addresses: [...k.addresses, address] }));
    expect(told(kept)).toEqual([]);
    expect(told(run)).toEqual([
      'I1 missing: address 198.51.100.77/32 on eth0',
      'I1 missing: route 198.51.100.128/25 dev eth0',
    ]);
  });
});
