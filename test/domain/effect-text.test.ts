import { expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import { describeEffect } from '../../src/domain/effect-text.ts';
import { ANY_VLAN } from '../../src/domain/port-spec.ts';
import { address, hop, route, rule } from './precheck/hosts.ts';

const link = { index: 2, name: 'eth0' };
const rows = { id: 'i', uplink: 'eth0', bridge: 'br-ext' };
const bridge = { name: 'br-ext', create: true, datapathType: 'system', hwaddr: null, failMode: 'standalone' } as const;
const hostPort = { name: 'eth0', local: false, mac: '02:00:00:00:00:01', mtu: 1500 };
const neighbour = {
  family: 4,
  linkIndex: 2,
  address: '10.9.0.9',
  mac: '02::',
  state: 128,
  flags: 0,
  protocol: null,
} as const;

it.each<[Effect, string]>([
  [{ op: 'link.rename', link, to: 'eth0~' }, 'rename eth0 to eth0~'],
  [{ op: 'link.set', link, up: true, mtu: 1400 }, 'set eth0 mtu 1400 up'],
  [{ op: 'link.set', link, up: false, alias: 'a' }, 'set eth0 alias "a" down'],
  [{ op: 'link.delete', link }, 'delete link eth0'],
  [{ op: 'altname.add', link, altname: 'enp1' }, 'add altname enp1 to eth0'],
  [{ op: 'altname.remove', link, altname: 'enp1' }, 'remove altname enp1 from eth0'],
  [
    { op: 'sysctl.write', link, key: 'ipv4/conf/{link}/rp_filter', value: '2' },
    'set net/ipv4/conf/eth0/rp_filter to 2',
  ],
  [{ op: 'address.add', address: address() }, 'add address 10.9.0.2/24 to link2'],
  [
    { op: 'address.add', address: address({ local: '10.77.0.1', peer: '10.77.0.2', prefixLength: 32 }) },
    'add address 10.77.0.1 peer 10.77.0.2/32 to link2',
  ],
  [{ op: 'address.replace', address: address() }, 'settle address 10.9.0.2/24 on link2'],
  [{ op: 'address.remove', address: address() }, 'remove address 10.9.0.2/24 from link2'],
  [{ op: 'route.replace', route: route({ priority: 100 }) }, 'replace route default via 10.9.0.1 metric 100 dev link2'],
  [{ op: 'route.add', route: route({ type: 6, table: 100, nexthops: [] }) }, 'add route blackhole default table 100'],
  [
    { op: 'route.append', route: route({ nexthops: [hop({ gateway: '10.9.0.1' }), hop({ linkIndex: 9 })] }) },
    'append route default nexthop via 10.9.0.1 nexthop link 9 dev link2, link9',
  ],
  [{ op: 'rule.add', rule: rule({ from: '10.9.0.3/32' }) }, 'add rule priority 100 from 10.9.0.3/32 lookup 100'],
  [
    { op: 'rule.remove', rule: rule({ iif: 'eth0', fwmark: 7 }) },
    'remove rule priority 100 iif eth0 fwmark 7 lookup 100',
  ],
  [{ op: 'neighbour.set', neighbour }, 'set neighbour 10.9.0.9 02:: on link2'],
  [{ op: 'neighbour.remove', neighbour }, 'remove neighbour 10.9.0.9 from link2'],
  [{ op: 'ingress.mute', link }, 'keep the kernel from answering on eth0'],
  [{ op: 'ingress.unmute', link }, 'let the kernel answer on eth0 again'],
  [{ op: 'announce', link, addresses: ['10.9.0.2', '::1'] }, 'announce 10.9.0.2, ::1 on eth0'],
  [{ op: 'ovs.host-port.create', rows, bridge, hostPort }, 'create bridge br-ext (system) with internal port eth0'],
  [
    { op: 'ovs.host-port.create', rows, bridge, hostPort: { ...hostPort, local: true } },
    'create bridge br-ext (system)',
  ],
  [{ op: 'ovs.host-port.create', rows, bridge: { ...bridge, create: false }, hostPort: null }, 'use bridge br-ext'],
  [{ op: 'ovs.uplink.attach', rows, port: 'eth0~' }, 'attach eth0~ to bridge br-ext'],
  [
    { op: 'ovs.uplink.attach', rows, port: 'eth0~', vlan: { tag: 5, trunks: [7, 8], vlanMode: 'native-untagged' } },
    'attach eth0~ to bridge br-ext (native-untagged, tag 5, trunks 7-8)',
  ],
  [
    { op: 'ovs.host-port.create', rows, bridge, hostPort: { ...hostPort, vlan: { ...ANY_VLAN, tag: 5 } } },
    'create bridge br-ext (system) with internal port eth0 (tag 5)',
  ],
  [
    { op: 'ovs.port.configure', rows, port: 'eth0', vlan: { ...ANY_VLAN, tag: 5 } },
    'set the VLANs of port eth0 (tag 5)',
  ],
  [{ op: 'ovs.port.configure', rows, port: 'eth0', vlan: ANY_VLAN }, 'set the VLANs of port eth0 to all'],
  [{ op: 'ovs.uplink.detach', rows }, 'detach the uplink from bridge br-ext'],
  [{ op: 'ovs.rows.remove', rows }, 'remove our rows from OVSDB (bridge br-ext)'],
  [{ op: 'vport.delete', port: 'eth0~' }, 'take eth0~ out of the kernel datapath'],
])('%j is told to people as "%s"', (effect, text) => {
  expect(describeEffect(effect, index => `link${index}`)).toBe(text);
});
