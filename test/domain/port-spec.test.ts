import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVlans } from '../../src/cli/parse/vlan.ts';
import type { PortVlan } from '../../src/domain/port-spec.ts';
import {
  ANY_VLAN,
  completePorts,
  formatVlan,
  formatVlans,
  hostOnWire,
  isSamePorts,
  isSameVlan,
} from '../../src/domain/port-spec.ts';

const port = (vlan: Partial<PortVlan>): PortVlan => ({ ...ANY_VLAN, ...vlan });
const untagged = { sends: 0, hears: [0] };

describe('what the host sends and hears on the wire', () => {
  it.each<[string, Partial<PortVlan>, number | null, ReturnType<typeof hostOnWire>]>([
    ['nothing said', {}, null, untagged],
    ['both access ports of one VLAN', { tag: 100 }, 100, untagged],
    [
      'native VLAN without a tag',
      { vlanMode: 'native-untagged', tag: 100, trunks: [200] },
      100,
      { sends: 0, hears: [0, 100] },
    ],
    ['native VLAN with a tag', { vlanMode: 'native-tagged', tag: 100 }, 100, { sends: 100, hears: [0, 100] }],
    ['a VLAN that is trunked', { trunks: [100] }, 100, { sends: 100, hears: [100] }],
    ['a VLAN on a port that trunks all', {}, 100, { sends: 100, hears: [100] }],
    ['no VLAN on a trunk of others', { trunks: [100, 200] }, null, { sends: null, hears: [] }],
    ['no VLAN on a trunk with 0', { trunks: [0, 100] }, null, untagged],
    ['another VLAN than the access port', { tag: 100 }, 200, { sends: null, hears: [] }],
    ['no VLAN beside an access port', { tag: 100 }, null, { sends: null, hears: [] }],
    ['no VLAN beside a native VLAN', { vlanMode: 'native-untagged', tag: 100 }, null, { sends: null, hears: [] }],
    ['a VLAN that is not trunked', { trunks: [0, 100] }, 200, { sends: null, hears: [] }],
  ])('%s', (_, uplink, tag, expected) => {
    expect(hostOnWire(port(uplink), port({ tag }))).toEqual(expected);
  });
});

describe('lists of VLANs', () => {
  it('are written with their runs, and read back as they were', () => {
    expect(formatVlans([0, 10, 20, 21, 22])).toBe('0,10,20-22');
    const vlans = fc.uniqueArray(fc.integer({ min: 0, max: 4094 }), { minLength: 1 });
    fc.assert(
      fc.property(vlans, list => {
        const sorted = list.toSorted((a, b) => a - b);
        expect(parseVlans(formatVlans(sorted))).toEqual(sorted);
      }),
    );
  });
});

describe('what is asked of the ports', () => {
  it('is nothing where nothing was said, so that others may set what they like', () => {
    expect(completePorts({})).toBeUndefined();
    expect(completePorts({ hostPort: { tag: 7 } })).toEqual({ uplink: ANY_VLAN, hostPort: port({ tag: 7 }) });
  });

  it('is the same in whatever order it is said', () => {
    const one = completePorts({ uplink: { trunks: [30, 10, 10] } });
    expect(isSamePorts(one, completePorts({ uplink: { trunks: [10, 30] } }))).toBe(true);
    expect(isSamePorts(one, completePorts({ uplink: { trunks: [10, 31] } }))).toBe(false);
    expect(isSamePorts(one, undefined)).toBe(false);
    expect(isSamePorts(undefined, undefined)).toBe(true);
  });

  it('is told in one line', () => {
    expect(formatVlan(port({ vlanMode: 'native-untagged', tag: 5, trunks: [6, 7] }))).toBe(
      'native-untagged, tag 5, trunks 6-7',
    );
    expect(formatVlan()).toBe('');
    expect(isSameVlan(undefined, ANY_VLAN)).toBe(true);
  });
});
