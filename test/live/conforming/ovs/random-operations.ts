import fc from 'fast-check';
import type { OvsOperation } from './operation.ts';

/** Few names, so that they meet: bridges and ports want those of links and altnames. */
const NAMES = ['a0', 'b0', 'c0'] as const;
const BRIDGES = ['br0', 'br1', 'a0'] as const;
const ROWS = { id: 'm-1', uplink: 'a0', bridge: 'br0' } as const;

const name = fc.constantFrom(...NAMES);
const bridge = fc.constantFrom(...BRIDGES);
const anyName = fc.constantFrom(...NAMES, 'br0');
const mtu = fc.constantFrom(1300, 1400, 1500);
const mac = fc.constantFrom(null, '02:00:00:00:00:01', '02:00:00:00:00:02');

/** The first is globally unique, so a bridge may take it for its own; the other is locally administered. */
const linkMac = fc.constantFrom('00:16:3e:00:00:01', '02:00:00:00:00:05');

const commit: fc.Arbitrary<OvsOperation> = fc.oneof(
  fc.record({
    op: fc.constant('commit' as const),
    effect: fc.record({
      op: fc.constant('ovs.host-port.create' as const),
      rows: fc.constant(ROWS),
      bridge: fc.record({
        name: fc.constant('br0'),
        create: fc.boolean(),
        datapathType: fc.constant('netdev' as const),
        hwaddr: fc.constantFrom(null, '02:00:00:00:00:03'),
        failMode: fc.constant('standalone' as const),
      }),
      hostPort: fc.oneof(
        fc.constant(null),
        fc.record({
          name: fc.constantFrom('a0', 'b0'),
          local: fc.constant(false),
          mac: fc.constant('02:00:00:00:00:04'),
          mtu,
        }),
        fc.record({ name: fc.constant('br0'), local: fc.constant(true), mac: fc.constant('02:00:00:00:00:03'), mtu }),
      ),
    }),
  }),
  fc.record({
    op: fc.constant('commit' as const),
    effect: fc.record({ op: fc.constant('ovs.uplink.attach' as const), rows: fc.constant(ROWS), port: name }),
  }),
  fc.record({
    op: fc.constant('commit' as const),
    effect: fc.record({
      op: fc.constantFrom('ovs.uplink.detach' as const, 'ovs.rows.remove' as const),
      rows: fc.constant(ROWS),
    }),
  }),
);

const foreign: fc.Arbitrary<OvsOperation> = fc.oneof(
  fc.record({
    op: fc.constant('bridge.add' as const),
    name: bridge,
    // There is no kernel datapath where the userspace one is tested: such a bridge is never made.
    datapathType: fc.constantFrom('netdev' as const, 'netdev' as const, 'netdev' as const, 'system' as const),
  }),
  fc.record({ op: fc.constant('bridge.remove' as const), name: bridge }),
  fc.record({
    op: fc.constant('port.add' as const),
    bridge,
    name,
    type: fc.constantFrom('' as const, 'internal' as const),
    mac,
    mtuRequest: fc.oneof(fc.constant(null), mtu),
  }),
  fc.record({ op: fc.constant('port.remove' as const), name }),
  fc.record({ op: fc.constant('mtu.request' as const), name, mtu: fc.oneof(fc.constant(null), mtu) }),
  fc.record({ op: fc.constant('flow-restore-wait' as const), value: fc.boolean() }),
  fc.constant({ op: 'bump' as const }),
);

const link: fc.Arbitrary<OvsOperation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant('link.add' as const), name: anyName, mac: linkMac }) },
  fc.record({ op: fc.constant('link.remove' as const), name: anyName }),
  { weight: 2, arbitrary: fc.record({ op: fc.constant('link.rename' as const), name, to: anyName }) },
  fc.record({ op: fc.constant('link.mtu' as const), name: anyName, mtu }),
  fc.record({ op: fc.constant('link.mac' as const), name: anyName, mac: linkMac }),
  fc.record({ op: fc.constant('link.up' as const), name: anyName, up: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ op: fc.constant('altname.add' as const), name, altname: anyName }) },
  fc.record({ op: fc.constant('altname.remove' as const), name, altname: anyName }),
);

const daemon: fc.Arbitrary<OvsOperation> = fc.constantFrom(
  { op: 'vswitchd.kill' as const },
  { op: 'vswitchd.stop' as const },
  { op: 'vswitchd.start' as const },
  { op: 'vswitchd.start' as const },
  { op: 'vswitchd.hang' as const },
  { op: 'vswitchd.continue' as const },
);

/** A sequence that begins with what most of them need: a bridge, and a link. */
export const operations: fc.Arbitrary<readonly OvsOperation[]> = fc
  .tuple(
    fc.subarray<OvsOperation>([
      { op: 'link.add', name: 'a0', mac: '02:00:00:00:00:06' },
      { op: 'link.up', name: 'a0', up: true },
      { op: 'bridge.add', name: 'br0', datapathType: 'netdev' },
    ]),
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: foreign },
        { weight: 5, arbitrary: link },
        { weight: 3, arbitrary: commit },
        { weight: 1, arbitrary: daemon },
      ),
      { minLength: 3, maxLength: 9 },
    ),
  )
  .map(([first, rest]) => [...first, ...rest]);
