import { describe, expect, it } from 'vitest';
import { IFA_F_PERMANENT, IFA_F_TENTATIVE } from '../../../src/domain/address.ts';
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
import { changed, told, without } from './telling.ts';

const committed = endedRun('committed');
const rolledBack = endedRun('rolledBack');
const refused = endedRun('refused');

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
