import { describe, expect, it } from 'vitest';
import { IFA_F_NODAD, IFA_F_PERMANENT, IFA_F_SECONDARY, IFA_F_TENTATIVE } from '../../src/domain/address.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { diffSnapshots } from '../../src/domain/snapshot-diff.ts';
import { address, connectedRoute, hop, link, route, rule } from './precheck/hosts.ts';
import { snapshot } from './steps/snapshots.ts';

const first = address({ local: '10.9.0.2', label: 'eth0' });
const second = address({ local: '10.9.0.3', label: 'eth0:web', flags: IFA_F_PERMANENT | IFA_F_SECONDARY });
const sixth = address({ local: '2001:db8::2', validLifetimeS: 3600, preferredLifetimeS: 1800 });
const before = snapshot({
  link: link({ altnames: ['a', 'b'], alias: 'x' }),
  addresses: [first, second, sixth],
  routes: [route(), connectedRoute],
  rules: [rule()],
  neighbours: [{ family: 4, linkIndex: 2, address: '10.9.0.9', mac: '02::', state: 128, flags: 0, protocol: null }],
  sysctls: { 'ipv4/conf/{link}/rp_filter': '2' },
});

function fieldsOf(now: Partial<Snapshot>, elapsedS = 0): readonly string[] {
  return diffSnapshots(before, { ...before, ...now }, elapsedS).map(d => d.field);
}

describe('the host as it was', () => {
  it('differs in nothing from itself', () => {
    expect(diffSnapshots(before, before)).toEqual([]);
  });

  it('nor in what the kernel alone decides', () => {
    const busy = {
      ...before.link,
      operState: 'down',
      carrier: false,
      promiscuity: 3,
      qdisc: 'noqueue',
      altnames: ['b', 'a'],
    };
    expect(fieldsOf({ link: busy as typeof before.link })).toEqual([]);
    expect(fieldsOf({ addresses: [{ ...first, flags: first.flags | IFA_F_TENTATIVE }, second, sixth] })).toEqual([]);
  });

  it('nor in what others added', () => {
    expect(
      fieldsOf({
        addresses: [first, second, address({ local: '10.99.0.1' }), sixth],
        routes: [...before.routes, route({ table: 77 })],
        rules: [...before.rules, rule({ priority: 5 })],
        sysctls: { ...before.sysctls, more: '1' },
      }),
    ).toEqual([]);
  });

  it('nor in lifetimes that ran down as time passed', () => {
    const later = { ...sixth, validLifetimeS: 2600, preferredLifetimeS: 800 };
    expect(fieldsOf({ addresses: [first, second, later] }, 1000)).toEqual([]);
    expect(fieldsOf({ addresses: [first, second, later] })).toEqual(['address 2001:db8::2/64 lifetime']);
    expect(fieldsOf({ addresses: [first, second] }, 3600)).toEqual([]);
  });
});

describe('every field that differs is named, with what was expected and what is there', () => {
  it.each<[string, Partial<Snapshot>]>([
    ['link name', { link: { ...before.link, name: 'eth0~' } }],
    ['link up', { link: { ...before.link, flags: 0 } }],
    ['link mtu', { link: { ...before.link, mtu: 1400 } }],
    ['link mac', { link: { ...before.link, mac: '02:00:00:00:00:09' } }],
    ['link master', { link: { ...before.link, master: 5 } }],
    ['link alias', { link: { ...before.link, alias: null } }],
    ['link group', { link: { ...before.link, group: 1 } }],
    ['link txQueueLength', { link: { ...before.link, txQueueLength: 1 } }],
    ['link altnames', { link: { ...before.link, altnames: ['a'] } }],
    ['link index', { link: { ...before.link, index: 9 } }],
    ['address 10.9.0.2/24', { addresses: [second, sixth] }],
    ['address 10.9.0.3/24 label', { addresses: [first, { ...second, label: 'eth0' }, sixth] }],
    ['address 10.9.0.3/24 secondary', { addresses: [first, { ...second, flags: IFA_F_PERMANENT }, sixth] }],
    ['address 10.9.0.2/24 broadcast', { addresses: [{ ...first, broadcast: '10.9.0.255' }, second, sixth] }],
    ['address 10.9.0.2/24 metric', { addresses: [{ ...first, metric: 50 }, second, sixth] }],
    ['address 10.9.0.2/24 scope', { addresses: [{ ...first, scope: 253 }, second, sixth] }],
    ['address 2001:db8::2/64 flags', { addresses: [first, second, { ...sixth, flags: sixth.flags | IFA_F_NODAD }] }],
    ['address 2001:db8::2/64 lifetime', { addresses: [first, second, { ...sixth, validLifetimeS: null }] }],
    ['IPv4 address order', { addresses: [second, first, sixth] }],
    ['route default via 10.9.0.1', { routes: [connectedRoute] }],
    ['route 10.9.0.0/24', { routes: [route(), { ...connectedRoute, nexthops: [hop({ linkIndex: 9 })] }] }],
    ['route default via 10.9.0.1', { routes: [{ ...route(), metrics: { '2': 1400 } }, connectedRoute] }],
    ['route default via 10.9.0.1', { routes: [{ ...route(), expiresS: 3600 }, connectedRoute] }],
    [`rule rule 100 ${JSON.stringify(rule())}`, { rules: [] }],
    ['neighbour 10.9.0.9 02::', { neighbours: [] }],
    ['sysctl ipv4/conf/{link}/rp_filter', { sysctls: { 'ipv4/conf/{link}/rp_filter': '0' } }],
    ['sysctl ipv4/conf/{link}/rp_filter', { sysctls: {} }],
  ])('%s', (field, now) => {
    const differences = diffSnapshots(before, { ...before, ...now });
    expect(differences.map(d => d.field)).toEqual([field]);
    for (const { expected, got } of differences) expect(expected).not.toBe(got);
  });
});
