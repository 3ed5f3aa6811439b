import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPlan, chooseDatapath, siblingMac } from '../../src/domain/build-plan.ts';
import { LAYOUTS } from '../../src/domain/layout.ts';
import { facts, link, ovs, ovsSystem, request } from './precheck/hosts.ts';

describe('the datapath', () => {
  const offered = (datapathTypes: string[]) => ovs([], ovsSystem({ datapathTypes }));
  it.each([
    ['what the user asked for', request({ datapath: 'netdev' }), offered(['system']), true, 'netdev'],
    [
      'what the user asked for, even where it is not there',
      request({ datapath: 'system' }),
      offered([]),
      false,
      'system',
    ],
    ['the kernel’s, where it is there and offered', request(), offered(['netdev', 'system']), true, 'system'],
    ['userspace without the kernel module', request(), offered(['netdev', 'system']), false, 'netdev'],
    ['userspace where OVS does not offer the kernel’s', request(), offered(['netdev']), true, 'netdev'],
    ['the kernel’s where an old OVS does not say', request(), offered([]), true, 'system'],
    ['the kernel’s without OVSDB', request(), undefined, true, 'system'],
    ['that of a bridge that is there', request(), ovs([{ name: 'br-ext', datapathType: 'netdev' }]), true, 'netdev'],
    [
      'the kernel’s of a bridge without a type',
      request(),
      ovs([{ name: 'br-ext', datapathType: '' }]),
      false,
      'system',
    ],
    [
      'that of the bridge of the layout’s name, not of the one asked for',
      request({ layout: 'exchange-names' }),
      ovs([{ name: 'br-ext', datapathType: 'netdev' }]),
      true,
      'system',
    ],
  ] as const)('is %s', (_, wanted, state, hasKernelDatapath, expected) => {
    expect(chooseDatapath(wanted, state, facts({ hasKernelDatapath }))).toBe(expected);
  });
});

describe('a plan', () => {
  const uplink = link({ index: 7, mac: '00:25:90:aa:bb:01', mtu: 1400 });

  it.each(LAYOUTS)('%s: the host port has the uplink’s MAC and MTU, the bridge is marked with the id', layout => {
    const plan = buildPlan(request({ layout }), uplink, ovs(), 'system', 'id-1');
    expect(plan.uplinkIndex).toBe(7);
    expect(plan.rows).toEqual({ id: 'id-1', uplink: 'eth0', bridge: plan.names.bridge });
    expect(plan.bridge).toMatchObject({ name: plan.names.bridge, create: true, datapathType: 'system' });
    if (layout === 'attach-only') expect(plan.hostPort).toBeNull();
    else expect(plan.hostPort).toMatchObject({ name: plan.names.hostPort, mac: '00:25:90:aa:bb:01', mtu: 1400 });
  });

  it('the bridge’s MAC is pinned: the uplink’s where its port is the host port, else another than the host port’s', () => {
    const mac = (layout: (typeof LAYOUTS)[number]) =>
      buildPlan(request({ layout }), uplink, ovs(), 'system', 'i').bridge.hwaddr;
    expect(mac('bridge-port')).toBe('00:25:90:aa:bb:01');
    expect(mac('exchange-names')).toBe('00:25:90:aa:bb:01');
    expect(mac('host-port')).toBe('02:24:90:aa:bb:01');
    expect(mac('attach-only')).toBe('02:24:90:aa:bb:01');
  });

  it('uses a bridge that is there rather than make it', () => {
    const state = ovs([{ name: 'br-ext' }]);
    expect(buildPlan(request(), uplink, state, 'system', 'i').bridge.create).toBe(false);
    expect(buildPlan(request({ layout: 'exchange-names' }), uplink, state, 'system', 'i').bridge.create).toBe(true);
  });

  it('silences the kernel only for the userspace datapath, and only where addresses move', () => {
    const mute = (datapath: 'system' | 'netdev', layout: (typeof LAYOUTS)[number]) =>
      buildPlan(request({ layout }), uplink, ovs(), datapath, 'i').mute;
    for (const layout of LAYOUTS) {
      expect(mute('system', layout)).toBe(false);
      expect(mute('netdev', layout)).toBe(layout !== 'attach-only');
    }
  });
});

it('a sibling MAC is another, unicast, locally administered, and always the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), bytes => {
      const mac = [...bytes].map(b => b.toString(16).padStart(2, '0')).join(':');
      const sibling = siblingMac(mac);
      expect(sibling).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      expect(sibling).not.toBe(mac);
      expect(Number.parseInt(sibling.slice(0, 2), 16) & 0x03).toBe(0x02);
      expect(siblingMac(mac)).toBe(sibling);
    }),
  );
});
