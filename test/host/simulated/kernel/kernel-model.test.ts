import { describe, expect, test } from 'vitest';
import type { KernelEffect, KernelModel } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import { createKernelModel } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import { createVirtualClock } from '../../../../src/host/simulated/virtual-clock.ts';
import { address, ETH0, hop, kernel, link, loopback, route, rule } from '../../../domain/precheck/hosts.ts';

const ETH1 = 3;
const eth0 = { index: ETH0, name: 'eth0' };
const SYSCTLS = {
  'ipv4/conf/{link}/promote_secondaries': '0',
  'ipv4/conf/{link}/rp_filter': '1',
  'ipv6/conf/{link}/accept_dad': '1',
  'ipv6/conf/{link}/disable_ipv6': '0',
};
const DEFAULTS = { ...SYSCTLS, 'ipv4/conf/{link}/rp_filter': '2' };

/** A host with two NICs that are up, and nothing on them. */
function makeModel(liveRename = true): { model: KernelModel; advance(ms: number): void; told: string[] } {
  const clock = createVirtualClock();
  const rules = ([4, 6] as const).flatMap(family => [
    rule({ family, priority: 0, table: 255, from: null }),
    rule({ family, priority: 32_766, table: 254, from: null }),
  ]);
  const model = createKernelModel({
    clock,
    state: {
      ...kernel(),
      links: [loopback, link(), link({ index: ETH1, name: 'eth1', mac: '00:25:90:aa:bb:02' })],
      addresses: [],
      routes: [],
      rules,
      neighbours: [],
    },
    sysctls: { lo: SYSCTLS, eth0: SYSCTLS, eth1: SYSCTLS },
    defaults: DEFAULTS,
    liveRename,
  });
  const told: string[] = [];
  model.subscribe(event => {
    if ('link' in event) told.push(`${event.type} ${event.link.name} ${event.link.flags & 1}`);
    if ('address' in event) told.push(`${event.type} ${event.address.local} ${event.address.label ?? ''}`);
  });
  return { model, told, advance: ms => clock.advance(ms) };
}

function carryOut(model: KernelModel, ...effects: readonly KernelEffect[]): void {
  for (const effect of effects) expect(model.apply(effect), JSON.stringify(effect)).toEqual({ ok: true });
}

const add = (local: string, flags = 2): KernelEffect => ({
  op: 'address.add',
  address: address({ local, flags: local.includes(':') ? flags : 0 }),
});
const viaGateway = (destination: string, gateway: string): KernelEffect => {
  const family = gateway.includes(':') ? 6 : 4;
  return { op: 'route.add', route: route({ destination, nexthops: [hop({ gateway, gatewayFamily: family })] }) };
};
const destinations = (model: KernelModel): string[] =>
  model
    .read({ routes: true })
    .routes.filter(one => one.table === 254)
    .map(one => one.destination);

describe('kernel model', () => {
  test('what has not changed is the same object with the next read', () => {
    const { model } = makeModel();
    carryOut(model, add('10.9.0.2'));
    const before = model.read({ routes: true });
    expect(model.read({ routes: true })).toBe(before);
    carryOut(model, { op: 'altname.add', link: { index: ETH1, name: 'eth1' }, altname: 'second' });
    const after = model.read({ routes: true });
    expect(after.links[1]).toBe(before.links[1]);
    expect(after.links[2]).not.toBe(before.links[2]);
    expect(after.addresses).toBe(before.addresses);
    expect(before.links[2]?.altnames).toEqual([]);
  });

  test('a live rename keeps addresses, routes and sysctls, and rewrites labels', () => {
    const { model, told } = makeModel();
    carryOut(model, add('10.9.0.2'), add('10.9.0.3'), viaGateway('0.0.0.0/0', '10.9.0.1'));
    told.splice(0);
    carryOut(model, { op: 'link.rename', link: eth0, to: 'eth0~' });
    expect(told).toEqual([
      'netlink.link.changed eth0~ 1',
      'netlink.address.changed 10.9.0.2 eth0~',
      'netlink.address.changed 10.9.0.3 eth0~:2',
    ]);
    expect(destinations(model)).toEqual(['0.0.0.0/0', '10.9.0.0/24']);
    expect(model.sysctls('eth0~')['ipv4/conf/{link}/rp_filter']).toBe('1');
    expect(model.sysctls('eth0')).toEqual({});
  });

  test('before Linux 6.2 a rename takes the link down: routes and IPv6 addresses are gone, the link-local one is there at once', () => {
    const { model } = makeModel(false);
    carryOut(model, add('10.9.0.2'), add('2001:db8::2'), add('fe80::1'), viaGateway('0.0.0.0/0', '10.9.0.1'));
    carryOut(model, { op: 'link.rename', link: eth0, to: 'eth0~' });
    expect(destinations(model)).not.toContain('0.0.0.0/0');
    const addresses = model.read({ routes: false }).addresses.map(one => one.local);
    expect(addresses).toContain('10.9.0.2');
    expect(addresses).toContain('fe80::1');
    expect(addresses).not.toContain('2001:db8::2');
    expect(model.apply({ op: 'link.set', link: eth0, up: false })).toEqual({ ok: true });
    expect(model.apply({ op: 'link.rename', link: eth0, to: 'eth1' })).toMatchObject({
      failure: { errnoName: 'EEXIST', what: 'cannot set name eth1', object: 'link 2' },
    });
  });

  test('the last IPv4 address takes every IPv4 route of the link with it, in silence', () => {
    const { model } = makeModel();
    carryOut(model, add('10.9.0.2'), viaGateway('0.0.0.0/0', '10.9.0.1'));
    carryOut(model, { op: 'address.remove', address: address({ local: '10.9.0.2' }) });
    expect(model.read({ routes: true }).routes).toEqual([]);
  });

  test('a primary address takes its secondaries along, unless they are promoted', () => {
    const { model } = makeModel();
    carryOut(model, add('10.9.0.2'), add('10.9.0.3'));
    carryOut(model, { op: 'address.remove', address: address({ local: '10.9.0.2' }) });
    expect(model.read({ routes: false }).addresses).toEqual([]);
    carryOut(model, {
      op: 'sysctl.write',
      link: eth0,
      key: 'ipv4/conf/{link}/promote_secondaries',
      value: '1',
    });
    carryOut(model, add('10.9.0.2'), add('10.9.0.3'));
    carryOut(model, { op: 'address.remove', address: address({ local: '10.9.0.2' }) });
    expect(model.read({ routes: false }).addresses).toMatchObject([{ local: '10.9.0.3', flags: 128 }]);
  });

  test('a route through a gateway that is not on the link is refused as by the kernel', () => {
    const { model } = makeModel();
    carryOut(model, add('10.9.0.2'));
    expect(model.apply(viaGateway('0.0.0.0/0', '10.8.0.1'))).toEqual({
      ok: false,
      failure: {
        code: 'NETLINK_REFUSED',
        what: 'cannot add route',
        object: 'default via 10.8.0.1',
        errno: 101,
        errnoName: 'ENETUNREACH',
        extAck: 'Nexthop has invalid gateway',
      },
    });
  });

  test('an IPv6 route loses its source with the address', () => {
    const { model } = makeModel();
    carryOut(model, add('2001:db8::2'), add('2001:db8::3'));
    const nexthops = [hop({ gateway: '2001:db8::1', gatewayFamily: 6 })];
    carryOut(model, { op: 'route.add', route: route({ destination: '::/0', prefSrc: '2001:db8::3', nexthops }) });
    carryOut(model, { op: 'address.remove', address: address({ local: '2001:db8::3' }) });
    const found = model.read({ routes: true }).routes.find(one => one.destination === '::/0');
    expect(found).toMatchObject({ prefSrc: null, priority: 1024 });
  });

  test('a tentative address is no source for a route until detection is over', () => {
    const { model, advance } = makeModel();
    carryOut(model, add('2001:db8::2', 0));
    const onLink: KernelEffect = {
      op: 'route.add',
      route: route({ destination: '2001:db8:1::/64', prefSrc: '2001:db8::2', nexthops: [hop()] }),
    };
    expect(model.apply(onLink)).toMatchObject({ ok: false, failure: { extAck: 'Invalid source address' } });
    advance(2_000);
    expect(model.apply(onLink)).toEqual({ ok: true });
  });

  test('an MTU below 1280 takes IPv6 away from the link', () => {
    const { model } = makeModel();
    carryOut(model, add('10.9.0.2'), add('2001:db8::2'));
    carryOut(model, { op: 'link.set', link: eth0, mtu: 1279 });
    expect(model.read({ routes: true }).addresses.map(one => one.local)).toEqual(['10.9.0.2']);
    expect(Object.keys(model.sysctls('eth0')).filter(key => key.startsWith('ipv6'))).toEqual([]);
    expect(model.apply({ op: 'link.set', link: eth0, mtu: 9001 })).toMatchObject({
      failure: { errnoName: 'EINVAL', extAck: 'mtu greater than device maximum' },
    });
  });

  test('a rule is detached while no link has its name', () => {
    const { model } = makeModel();
    carryOut(model, { op: 'rule.add', rule: rule({ priority: 1000, iif: 'eth0', flags: 0 }) });
    carryOut(model, { op: 'link.rename', link: eth0, to: 'eth0~' });
    const flags = () => model.read({ routes: false }).rules.find(one => one.priority === 1000)?.flags;
    expect(flags()).toBe(8);
    const port = model.addLink({ name: 'eth0', kind: 'openvswitch', mac: '00:25:90:aa:bb:01' });
    expect(port).toMatchObject({ index: 4, name: 'eth0' });
    expect(flags()).toBe(0);
    expect(model.sysctls('eth0')['ipv4/conf/{link}/rp_filter']).toBe('2');
  });

  test('a name that is taken by an altname is taken', () => {
    const { model } = makeModel();
    carryOut(model, { op: 'altname.add', link: eth0, altname: 'uplink' });
    expect(model.addLink({ name: 'uplink' })).toMatchObject({ code: 'NETLINK_REFUSED', errnoName: 'EEXIST' });
    expect(model.apply({ op: 'link.rename', link: eth0, to: 'uplink' })).toMatchObject({
      failure: { errnoName: 'EEXIST' },
    });
  });

  test('drops on ingress are by name and wait for a link that takes it', () => {
    const { model } = makeModel();
    carryOut(model, { op: 'ingress.mute', link: eth0 }, { op: 'link.rename', link: eth0, to: 'eth0~' });
    expect(model.mutedLinks()).toEqual(['eth0']);
    expect(model.apply({ op: 'ingress.mute', link: eth0 })).toMatchObject({ failure: { code: 'LINK_GONE' } });
    // A new drop takes those away that wait for a name which no link has.
    carryOut(model, { op: 'ingress.mute', link: { index: ETH0, name: 'eth0~' } });
    expect(model.mutedLinks()).toEqual(['eth0~']);
    const to = { index: ETH1, name: 'eth1' };
    carryOut(model, { op: 'ingress.hand-over', from: { index: ETH0, name: 'eth0~' }, to, drain: false });
    expect(model.mutedLinks()).toEqual(['eth1']);
  });

  test('a link that goes takes its addresses, routes and neighbours along', () => {
    const { model, told } = makeModel();
    const neighbour = { family: 4, linkIndex: ETH0, address: '10.9.0.50', mac: '02:00:00:00:00:50' } as const;
    carryOut(model, add('10.9.0.2'), add('2001:db8::2'), viaGateway('0.0.0.0/0', '10.9.0.1'), {
      op: 'neighbour.set',
      neighbour: { ...neighbour, state: 0x80, flags: 0, protocol: null },
    });
    model.removeLink(ETH0);
    const state = model.read({ routes: true });
    expect([state.addresses, state.routes, state.neighbours]).toEqual([[], [], []]);
    expect(told.at(-1)).toBe('netlink.link.removed eth0 0');
    expect(model.apply({ op: 'link.set', link: eth0, up: true })).toMatchObject({ failure: { errnoName: 'ENODEV' } });
  });
});
