import { describe, expect, it } from 'vitest';
import { classifyInterfaceError } from '../../../../src/domain/ovs-facts.ts';
import { attach, createHostPort, ROWS, simulateOvs } from './simulated-ovs.ts';

// What the namespace lab cannot show, for want of the module: facts/peers.md §9.2, F-27, F-37 and lab.md's QEMU runs.
describe('ovs-vswitchd over a kernel datapath', () => {
  it('makes ports of the kind openvswitch, enslaves the uplink to ovs-system, and gives it back', async () => {
    const { apply, link, row } = await simulateOvs('system');
    apply(createHostPort('system', 'port0'));
    expect(link('ovs-system')).toMatchObject({ kind: 'openvswitch' });
    expect(link('port0')).toMatchObject({ kind: 'openvswitch', promiscuity: 0 });
    apply(attach('eth0'));
    expect(link('eth0')).toMatchObject({ master: link('ovs-system')?.index, slaveKind: 'openvswitch', promiscuity: 1 });
    expect(row('eth0')).toMatchObject({ error: null, ifindex: link('eth0')?.index });
    apply({ op: 'ovs.uplink.detach', rows: ROWS });
    expect(link('eth0')).toMatchObject({ master: null, slaveKind: null, promiscuity: 0 });
    apply({ op: 'ovs.rows.remove', rows: ROWS });
    expect(link('ovs-system')).toBeUndefined();
    expect(link('port0')).toBeUndefined();
  });

  it('says "File exists" for a name that is an altname, and heals with the link event of its removal (F-01, F-26)', async () => {
    const { apply, kernel, row, settle, uplink } = await simulateOvs('system');
    kernel.apply({ op: 'altname.add', link: uplink, altname: 'port0' });
    apply(createHostPort('system', 'port0'));
    const text = 'could not add network device port0 to ofproto (File exists)';
    expect(row('port0')).toMatchObject({ ofport: -1, error: text, ifindex: null });
    expect(classifyInterfaceError(text)).toBe('name-taken');
    kernel.apply({ op: 'altname.remove', link: uplink, altname: 'port0' });
    settle();
    expect(row('port0')).toMatchObject({ ofport: 1, error: null });
  });

  it('says "Device or resource busy" for a link under a macvlan (F-37)', async () => {
    const { addLink, apply, row, uplink } = await simulateOvs('system');
    addLink({ name: 'macvlan0', kind: 'macvlan', lower: uplink.index });
    apply(createHostPort('system', 'port0'));
    apply(attach('eth0'));
    const text = 'could not add network device eth0 to ofproto (Device or resource busy)';
    expect(row('eth0')).toMatchObject({ ofport: -1, error: text });
    expect(classifyInterfaceError(text)).toBe('busy');
  });

  it('says "No such device" for a link that is not there', async () => {
    const { apply, row } = await simulateOvs('system');
    apply(createHostPort('system', 'port0'));
    apply(attach('eth9'));
    expect(row('eth9')?.error).toBe('could not open network device eth9 (No such device)');
    expect(classifyInterfaceError(row('eth9')?.error ?? '')).toBe('no-such-device');
  });

  it('killed: the ports stay and go on; the next one takes them over and removes what no row asks for', async () => {
    const { apply, commit, link, ovs, settle } = await simulateOvs('system');
    apply(createHostPort('system', 'port0'));
    apply(attach('eth0'));
    const port = link('port0')?.index;
    ovs.stopVswitchd('kill');
    expect(link('port0')).toMatchObject({ carrier: true });
    expect(link('eth0')?.master).not.toBeNull();
    commit({ op: 'ovs.uplink.detach', rows: ROWS });
    ovs.startVswitchd();
    settle();
    expect(link('port0')?.index).toBe(port);
    expect(link('eth0')).toMatchObject({ master: null, promiscuity: 0 });
  });

  it('loses ports to a removal over generic netlink, for good while ovs-vswitchd is dead', async () => {
    const { apply, link, ovs, settle } = await simulateOvs('system');
    apply(createHostPort('system', 'port0'));
    apply(attach('eth0'));
    ovs.stopVswitchd('kill');
    expect(ovs.deleteVport('eth0')).toEqual({ ok: true });
    expect(ovs.deleteVport('port0')).toEqual({ ok: true });
    expect(ovs.deleteVport('nothing')).toEqual({ ok: true });
    expect(link('eth0')).toMatchObject({ master: null, slaveKind: null, promiscuity: 0 });
    expect(link('port0')).toBeUndefined();
    ovs.startVswitchd();
    settle();
    // Its rows are still there.
    expect(link('eth0')?.master).toBe(link('ovs-system')?.index);
  });

  it('makes a port anew whose link somebody takes away, as the datapath tells it', async () => {
    const { apply, kernel, link, row, settle } = await simulateOvs('system');
    apply(createHostPort('system', 'port0'));
    kernel.removeLink(link('port0')?.index ?? 0);
    settle();
    expect(link('port0')).toBeDefined();
    expect(row('port0')).toMatchObject({ error: null, ifindex: link('port0')?.index });
  });

  it('prints other features than the userspace datapath', async () => {
    const { apply, ovs } = await simulateOvs('system');
    apply(createHostPort('system', 'port0'));
    ovs.addForeignBridge('br-user', { datapathType: 'netdev' });
    apply({ op: 'ovs.uplink.detach', rows: ROWS });
    expect(ovs.features('br-ext')).toContain('Tunnel push pop: No');
    expect(ovs.features('br-user')).toContain('Tunnel push pop: Yes');
  });
});
