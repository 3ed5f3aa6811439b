import { describe, expect, it } from 'vitest';
import { IFF_UP } from '../../../src/domain/link.ts';
import type { EndedRun } from '../../../src/verify/invariants/ended-run.ts';
import * as hosts from '../../domain/precheck/hosts.ts';
import { BYSTANDER, endedRun, HOST_PORT, planOf, UPLINK, withAfter, withKernel, withOvs } from './ended-runs.ts';
import { changed, told, without } from './telling.ts';

const committed = endedRun('committed');
const rolledBack = endedRun('rolledBack');

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
