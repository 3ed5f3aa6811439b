import { describe, expect, it } from 'vitest';
import { linesOf, play } from './play.ts';

/** A migration with changes by others at a moment, and what the host is like then. */
async function change(actors: readonly string[], expected: string, host = 'plain'): Promise<readonly string[]> {
  const happens = actors.map(actor => `\n  - at: { time: 1ms }\n    actor: { ${actor} }`).join('');
  return linesOf(
    await play(`
host: ${host}
runs:
  - migrate: { layout: host-port, confirmWithin: 100ms }
    expect: { result: rolledBack }
happens:${happens === '' ? ' []' : happens}
expect: { sameAsBefore: true, host: ${expected} }
`),
  );
}

describe('what others change', () => {
  it.each<[string, readonly string[], string]>([
    [
      'altnames',
      [
        'altname.add: { link: eth0, altname: lan0 }',
        'altname.add: { link: eth0, altname: lan1 }',
        'altname.remove: { link: eth0, altname: lan0 }',
      ],
      '{ links: { eth0: { altnames: [lan1] } } }',
    ],
    [
      'a link on another one',
      [
        'link.add: { name: d0, linkKind: dummy }',
        'link.add: { name: m0, linkKind: macvlan, on: d0 }',
        'link.set: { link: m0, up: true, mtu: 1400 }',
      ],
      '{ links: { d0: { kind: dummy, up: false }, m0: { kind: macvlan, up: true, mtu: 1400 } } }',
    ],
    [
      'a link that comes, has another name, and goes',
      [
        'link.add: { name: d0, linkKind: dummy }',
        'link.rename: { link: d0, to: d1 }',
        'link.set: { link: d1, mac: "02:00:00:00:00:77" }',
        'link.add: { name: d2, linkKind: dummy }',
        'link.remove: { link: d2 }',
      ],
      '{ links: { d0: null, d1: { mac: "02:00:00:00:00:77", up: false }, d2: null } }',
    ],
    [
      'addresses',
      [
        'address.add: { link: eth0, address: 192.0.2.7/32 }',
        'address.add: { link: eth0, address: 192.0.2.8/32 }',
        'address.remove: { link: eth0, address: 192.0.2.8/32 }',
      ],
      '{ links: { eth0: { addresses: [10.9.0.2/24, 192.0.2.7/32, "2001:db8:9::2/64"] } } }',
    ],
    [
      'routes',
      [
        'route.add: { route: 192.0.2.0/24 via 10.9.0.1 dev eth0 metric 50 }',
        'route.add: { route: blackhole 198.51.100.0/24 }',
        'route.remove: { route: default via 10.9.0.1 dev eth0 }',
      ],
      '{ routes: { has: [192.0.2.0/24 via 10.9.0.1 metric 50 dev eth0, blackhole 198.51.100.0/24], lacks: [default via 10.9.0.1 dev eth0] } }',
    ],
    [
      'rules',
      [
        'rule.add: { rule: from 10.9.0.2 iif eth0 lookup 100 priority 1000 }',
        'rule.add: { rule: to 192.0.2.0/24 fwmark 0x1 lookup main priority 1001 }',
        'rule.remove: { rule: from 10.9.0.2 iif eth0 lookup 100 priority 1000 }',
      ],
      '{ rules: { has: ["1001: from all to 192.0.2.0/24 fwmark 0x1 lookup main", "-6 0: from all lookup local"], lacks: ["/^1000:/"] } }',
    ],
    [
      'sysctls',
      ['sysctl.write: { link: eth0, key: ipv4/conf/rp_filter, value: "2" }'],
      '{ sysctls: { eth0: { ipv4/conf/rp_filter: "2" } } }',
    ],
  ])('shows: %s', async (_, actors, expected) => {
    expect(await change(actors, expected)).toEqual([]);
  });

  it('shows: ports and bridges of Open vSwitch', async () => {
    const held = '{ bridges: { br-int: { failMode: secure, ports: { vnet0: { type: internal } } }, br-empty: {} } }';
    expect(await change([], `{ ovs: ${held} }`, 'other-bridges')).toEqual([]);
    const gone = ['ovsdb.port.remove: { port: vnet0 }', 'ovsdb.bridge.remove: { bridge: br-empty }'];
    const left = '{ bridges: { br-int: { ports: { vnet0: null, veth7: { type: "" } } }, br-empty: null } }';
    expect(await change(gone, `{ ovs: ${left} }`, 'other-bridges')).toEqual([]);
  });

  it('is kept on the way back, and not held against it, when it comes in the middle', async () => {
    const result = await play(`
runs:
  - migrate: { layout: host-port }
    expect: { result: rolledBack }
happens:
  - at: cuttingOver.attachingUplink
    actor: { address.add: { link: eth0~, address: 192.0.2.7/32 } }
  - at: verifying
    actor: { abort: {} }
expect:
  sameAsBefore: true
  host: { links: { eth0: { addresses: { has: [192.0.2.7/32] } } } }
`);
    expect(linesOf(result)).toEqual([]);
  });

  it.each([
    ['address.remove: { link: eth0, address: 192.0.2.9/32 }', 'there is no address 192.0.2.9/32 on it'],
    ['route.remove: { route: 192.0.2.0/24 via 10.9.0.1 dev eth0 }', 'there is no such route'],
    ['route.add: { route: 192.0.2.0/24 dev eth9 }', 'there is no link eth9'],
    [
      'rule.remove: { rule: from 192.0.2.1 lookup 9 priority 9 }',
      'there is no rule from 192.0.2.1 lookup 9 priority 9',
    ],
    ['ovsdb.port.remove: { port: p9 }', 'there is no port p9'],
    ['ovsdb.bridge.remove: { bridge: br9 }', 'there is no bridge br9'],
    ['host-port.remove: {}', 'there is no host port eth0'],
    ['ovsdb.rows.remove: {}', 'there are no rows of ours'],
    ['guard.lose: {}', 'no guard is on duty'],
  ])('is said to be impossible: %s', async (actor, why) => {
    expect(await change([actor], '{}')).toEqual([expect.stringContaining(`expected it happens, got ${why}`)]);
  });
});
