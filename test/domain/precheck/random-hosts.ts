import fc from 'fast-check';
import type { Address } from '../../../src/domain/address.ts';
import type { HostFacts } from '../../../src/domain/host-facts.ts';
import type { KernelState } from '../../../src/domain/kernel-state.ts';
import { LAYOUTS } from '../../../src/domain/layout.ts';
import type { Link } from '../../../src/domain/link.ts';
import type { OvsState } from '../../../src/domain/ovs-state.ts';
import type { PortSpecs, PortVlan } from '../../../src/domain/port-spec.ts';
import { VLAN_MODES } from '../../../src/domain/port-spec.ts';
import type { PrecheckInput } from '../../../src/domain/precheck/index.ts';
import { FINDING_CODES } from '../../../src/domain/precheck/index.ts';
import type { Nexthop, Route } from '../../../src/domain/route.ts';
import * as hosts from './hosts.ts';

const index = fc.integer({ min: 1, max: 6 });
const maybeIndex = fc.option(index);
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('eth0', 'eth1', 'eth0~', 'br-ext', 'br-int', 'lo', 'bond0', 'eth0.100') },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);
const mac = fc.option(fc.oneof(fc.constantFrom('00:25:90:aa:bb:01', '52:54:00:00:00:01'), fc.string({ maxLength: 8 })));
const kind = fc.option(
  fc.constantFrom('bond', 'veth', 'vlan', 'macvlan', 'ipvlan', 'vxlan', 'openvswitch', 'vrf', 'tun', 'bridge', 'odd'),
);
const ip = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.9.0.2', 'fe80::1', '169.254.1.1', 'nonsense', '::'));
const prefix = fc.tuple(ip, fc.integer({ min: -1, max: 130 })).map(([address, length]) => `${address}/${length}`);
const destination = fc.oneof(fc.constantFrom('0.0.0.0/0', '::/0', '10.9.0.0/24', 'ff00::/8', 'x', ''), prefix);
const seconds = fc.option(fc.nat());
const smallInt = fc.integer({ min: -1, max: 0x3ff });

const link: fc.Arbitrary<Link> = fc
  .record<Partial<Link>>({
    index,
    name,
    altnames: fc.array(name, { maxLength: 3 }),
    kind,
    slaveKind: kind,
    flags: fc.constantFrom(0, 1, 9, 0x10001),
    operState: fc.constantFrom('unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'),
    carrier: fc.option(fc.boolean()),
    mtu: fc.integer({ min: 0, max: 65536 }),
    mac,
    permanentMac: mac,
    master: maybeIndex,
    lower: maybeIndex,
    lowerNetnsId: fc.option(fc.nat(2)),
    qdisc: fc.option(fc.constantFrom('fq_codel', 'htb', '')),
    parentDevice: fc.option(fc.string({ maxLength: 5 })),
  })
  .map(overrides => hosts.link(overrides));

const address: fc.Arbitrary<Address> = fc
  .record<Partial<Address>>({
    linkIndex: index,
    local: ip,
    prefixLength: fc.integer({ min: 0, max: 128 }),
    flags: smallInt,
    protocol: fc.option(fc.nat(4)),
    validLifetimeS: seconds,
  })
  .map(overrides => hosts.address(overrides));

const nexthop: fc.Arbitrary<Nexthop> = fc
  .record<Partial<Nexthop>>({ linkIndex: maybeIndex, gateway: fc.option(ip), flags: smallInt })
  .map(overrides => hosts.hop(overrides));

const route: fc.Arbitrary<Route> = fc
  .record<Partial<Route>>({
    table: fc.constantFrom(254, 255, 100),
    type: fc.integer({ min: 0, max: 12 }),
    protocol: fc.constantFrom(2, 4, 9, 16),
    destination,
    priority: fc.option(fc.nat()),
    nexthops: fc.array(nexthop, { maxLength: 3 }),
    nexthopId: fc.option(fc.nat(9)),
    encapType: fc.option(fc.nat(9)),
    expiresS: seconds,
  })
  .map(overrides => hosts.route(overrides));

const rule = fc
  .record({ iif: fc.option(name), oif: fc.option(name), from: fc.option(prefix), l3mdev: fc.boolean() })
  .map(overrides => hosts.rule(overrides));

/** Dumps that no kernel would give: indexes that lead nowhere, names twice, addresses that are none. */
export const randomKernel: fc.Arbitrary<KernelState> = fc.record({
  links: fc.array(link, { maxLength: 6 }),
  addresses: fc.array(address, { maxLength: 5 }),
  routes: fc.array(route, { maxLength: 6 }),
  rules: fc.array(rule, { maxLength: 3 }),
  neighbours: fc.constant([]),
});

const externalIds = fc.constantFrom<Readonly<Record<string, string>>[]>(
  {},
  hosts.mark('eth0', 'bridge'),
  hosts.mark('eth1', 'uplink'),
  {
    'ovs-uplink:x': '',
  },
);

const bridge: fc.Arbitrary<hosts.BridgeInShort> = fc.record({
  name,
  datapathType: fc.constantFrom('', 'system', 'netdev', 'odd'),
  failMode: fc.constantFrom(null, 'standalone' as const, 'secure' as const),
  controllers: fc.nat(2),
  externalIds,
  ports: fc.array(
    fc.record({
      name,
      type: fc.constantFrom('', 'internal', 'patch'),
      peer: name,
      ofport: fc.option(fc.integer({ min: -1, max: 5 }), { nil: null }),
      ifindex: maybeIndex,
      mtu: fc.option(fc.nat(9000), { nil: null }),
      externalIds,
    }),
    { maxLength: 3 },
  ),
});

const system = fc
  .record({
    curCfg: fc.nat(9),
    flowRestoreWait: fc.boolean(),
    datapathTypes: fc.subarray(['netdev', 'system']),
    ovsVersion: fc.option(fc.constant('3.1.0')),
  })
  .map(overrides => hosts.ovsSystem(overrides));

/** Also databases whose rows lead nowhere. */
export const randomOvs: fc.Arbitrary<OvsState | undefined> = fc.option(
  fc
    .tuple(fc.array(bridge, { maxLength: 3 }), fc.option(system), fc.boolean())
    .map(([bridges, row, loose]) => ({ ...hosts.ovs(bridges, row), ...(loose ? { ports: [] } : {}) })),
  { nil: undefined },
);

const fileText = fc.array(
  fc.oneof(
    fc.constantFrom(
      '[Match]',
      '[Link]',
      '[Match',
      'MACAddress=00:25:90:aa:bb:01',
      'MACAddress=',
      'OriginalName=[z-a]*',
    ),
    fc.constantFrom(
      'OriginalName=*',
      'Name=lan0',
      'Name=eth0',
      'Kind=!openvswitch',
      'Property=X',
      'Type=ether',
      '=',
      '#',
    ),
    fc.constantFrom('NamePolicy=keep path', 'AlternativeNamesPolicy=path', 'AlternativeName=eth0', 'Driver=tun', '\\'),
    fc.string({ maxLength: 20 }),
  ),
  { maxLength: 8 },
);

export const randomFacts: fc.Arbitrary<HostFacts> = fc
  .record({
    networkMounts: fc.array(
      fc.record({
        source: fc.oneof(fc.constantFrom('10.9.0.5:/x', '//h/s', 'a:/,b:/', '[2001:db8::1]:/', ''), fc.string()),
        target: fc.constantFrom('/', '/home', ''),
        type: fc.constantFrom('nfs', 'cifs'),
      }),
      { maxLength: 3 },
    ),
    linkFiles: fc.array(
      fc.record({ path: fc.constantFrom('/a.link', '/b.link'), text: fileText.map(lines => lines.join('\n')) }),
      { maxLength: 3 },
    ),
    bondMode: fc.option(fc.integer({ min: -1, max: 7 })),
    canMuteIngress: fc.boolean(),
    hasKernelDatapath: fc.boolean(),
    release: fc.oneof(fc.constantFrom('6.18.1', '5.4', '', '6'), fc.string({ maxLength: 6 })),
  })
  .map(({ release, ...rest }) => ({ ...hosts.facts(rest), identity: hosts.factsWithRelease(release).identity }));

const vlan = fc.oneof(
  fc.constantFrom(0, 1, 100, 4094, 4095),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const portVlan: fc.Arbitrary<PortVlan> = fc.record({
  tag: fc.option(vlan),
  trunks: fc.array(vlan, { maxLength: 4 }),
  vlanMode: fc.constantFrom(null, ...VLAN_MODES),
});
const ports: fc.Arbitrary<PortSpecs> = fc.record({ uplink: portVlan, hostPort: portVlan });

export const randomInput: fc.Arbitrary<PrecheckInput> = fc.record({
  request: fc
    .record(
      {
        uplink: name,
        bridge: name,
        layout: fc.constantFrom(...LAYOUTS),
        useExistingBridge: fc.boolean(),
        accept: fc.subarray([...Object.keys(FINDING_CODES), 'no-such-code'], { maxLength: 5 }),
        ports,
      },
      { requiredKeys: ['uplink', 'bridge', 'layout', 'useExistingBridge', 'accept'] },
    )
    .map(overrides => hosts.request(overrides)),
  kernel: randomKernel,
  ovs: randomOvs,
  facts: randomFacts,
  datapath: fc.constantFrom('system', 'netdev'),
  lockHolder: fc.option(fc.string()),
  ownJournal: fc.boolean(),
});
