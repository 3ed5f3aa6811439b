import { describe, expect, it } from 'vitest';
import { isUp } from '../../../../src/domain/link.ts';
import { classifyInterfaceError } from '../../../../src/domain/ovs-facts.ts';
import { APPLY_MS, attach, createHostPort, HOST_PORT_MAC, ROWS, simulateOvs } from './simulated-ovs.ts';

describe('ovs-vswitchd of a simulated host', () => {
  it('applies what was committed only after its delay, then says so in one change', async () => {
    const { clock, commit, events, link, ovs, row } = await simulateOvs();
    const result = commit(createHostPort('netdev', 'port0'));
    expect(result).toEqual({ ok: true, nextCfg: 2 });
    clock.advance(APPLY_MS - 1);
    expect(link('port0')).toBeUndefined();
    expect(row('port0')).toMatchObject({ ofport: null, error: null, ifindex: null });
    expect(ovs.database().system).toMatchObject({ nextCfg: 2, curCfg: 1 });
    clock.advance(1);
    expect(link('port0')).toMatchObject({ kind: 'tun', mac: HOST_PORT_MAC, promiscuity: 1 });
    expect(row('port0')).toMatchObject({
      ofport: 1,
      error: null,
      ifindex: link('port0')?.index,
      macInUse: HOST_PORT_MAC,
      mtu: 1500,
    });
    const told = events.flatMap(event => (event.type === 'ovsdb.state.changed' ? [event.ovs] : []));
    expect(told.map(state => state.system?.curCfg)).toEqual([1, 2]);
    expect(told.at(-1)).toBe(ovs.database());
  });

  it.each([
    { order: 'with', shown: ['unset 1', 'set 2'] },
    { order: 'before', shown: ['unset 1', 'set 1', 'set 2'] },
    { order: 'after', shown: ['unset 1', 'unset 2', 'set 2'] },
  ] as const)('shows datapath_id $order the raised cur_cfg', async ({ order, shown }) => {
    const { apply, events } = await simulateOvs('netdev', { datapathIdOrder: order });
    apply(createHostPort('netdev', 'port0'));
    const told = events.flatMap(event => (event.type === 'ovsdb.state.changed' ? [event.ovs] : []));
    const seen = told.map(
      ({ system, bridges }) => `${bridges[0]?.datapathId == null ? 'unset' : 'set'} ${system?.curCfg}`,
    );
    expect(seen.filter((text, at) => text !== seen[at - 1])).toEqual(shown);
  });

  it('keeps every row that did not change as the same object', async () => {
    const { apply, kernel, ovs, row } = await simulateOvs();
    apply(createHostPort('netdev', 'port0'));
    const before = [ovs.database().bridges, ovs.database().ports, row('port0')];
    ovs.touch();
    kernel.apply({ op: 'link.set', link: { index: 1, name: 'eth0' }, group: 7 });
    expect([ovs.database().bridges, ovs.database().ports, row('port0')].every((each, at) => each === before[at])).toBe(
      true,
    );
  });

  it('tries again at every change of the configuration until nothing fails any more', async () => {
    const { apply, ovs, row, settle } = await simulateOvs();
    const text = 'could not open network device port0 (File exists)';
    ovs.failNextInterface('port0', text, 2);
    apply(createHostPort('netdev', 'port0'));
    expect(row('port0')).toMatchObject({ ofport: -1, error: text });
    expect(classifyInterfaceError(text)).toBe('class-clash');
    ovs.touch();
    settle();
    expect(row('port0')?.ofport).toBe(-1);
    ovs.touch();
    settle();
    expect(row('port0')).toMatchObject({ ofport: 1, error: null });
  });

  it('hung: writes old flags to the uplink that has got its name back, once it goes on (failures.md F1)', async () => {
    const { apply, commit, kernel, link, ovs, settle, uplink } = await simulateOvs();
    kernel.apply({ op: 'link.rename', link: uplink, to: 'eth0~' });
    apply(createHostPort('netdev'));
    ovs.stopVswitchd('hang');
    expect(ovs.checkVswitchd()).toBe('hung');
    commit({ op: 'ovs.rows.remove', rows: ROWS });
    const tap = link('eth0');
    kernel.apply({ op: 'link.delete', link: { index: tap?.index ?? 0, name: 'eth0' } });
    kernel.apply({ op: 'link.rename', link: uplink, to: 'eth0' });
    settle();
    expect(isUp(link('eth0') ?? { flags: 0 })).toBe(true);
    ovs.continueVswitchd();
    settle();
    expect(link('eth0')?.index).toBe(uplink.index);
    expect(isUp(link('eth0') ?? { flags: 0 })).toBe(false);
  });

  it('takes a tap down and up again where it gives it back its MAC, and its routes go', async () => {
    const { apply, kernel, link, settle } = await simulateOvs();
    apply(createHostPort('netdev', 'port0'));
    const port = link('port0') ?? { index: 0, name: 'port0' };
    kernel.apply({ op: 'link.set', link: port, up: true });
    settle();
    const told: string[] = [];
    kernel.subscribe(event => {
      if (event.type === 'netlink.link.changed' && event.link.name === 'port0') {
        told.push(`${isUp(event.link) ? 'up' : 'down'} ${event.link.mac}`);
      }
    });
    kernel.apply({ op: 'link.set', link: port, mac: '52:54:00:00:00:09' });
    settle();
    expect(told).toEqual([
      'up 52:54:00:00:00:09',
      'down 52:54:00:00:00:09',
      `down ${HOST_PORT_MAC}`,
      `up ${HOST_PORT_MAC}`,
    ]);
  });

  it('killed: says so, leaves the taps, and nothing is applied until it runs again', async () => {
    const { apply, commit, kernel, link, ovs, row, settle } = await simulateOvs();
    kernel.apply({ op: 'link.rename', link: { index: 1, name: 'eth0' }, to: 'eth0~' });
    apply(createHostPort('netdev'));
    const tap = link('eth0')?.index;
    ovs.stopVswitchd('kill');
    expect(ovs.checkVswitchd()).toBe('gone');
    expect(link('eth0')).toMatchObject({ index: tap, carrier: false });
    commit(attach('eth0~'));
    settle();
    expect(row('eth0~')?.ofport).toBeNull();
    ovs.startVswitchd();
    settle();
    expect(link('eth0')).toMatchObject({ index: tap, carrier: true });
    expect(row('eth0~')).toMatchObject({ ofport: 2, error: null });
  });

  it('started while ovsdb-server is down: touches nothing before it has seen the database', async () => {
    const { apply, commit, kernel, link, ovs, settle, uplink } = await simulateOvs();
    apply(createHostPort('netdev', 'port0'));
    ovs.stopVswitchd('kill');
    commit({ op: 'ovs.rows.remove', rows: ROWS });
    ovs.stopOvsdb();
    ovs.startVswitchd();
    kernel.apply({ op: 'link.rename', link: uplink, to: 'eth1' });
    settle();
    expect(link('port0')).toMatchObject({ carrier: false });
    ovs.startOvsdb();
    settle();
    // Nobody asks for it any more, and a new process does not know that it was its predecessor's.
    expect(link('port0')).toMatchObject({ carrier: false });
    expect(ovs.database().system).toMatchObject({ curCfg: ovs.database().system?.nextCfg });
  });

  it('heeds flow-restore-wait from its start on only, until it is first taken away', async () => {
    const { ovs, settle } = await simulateOvs();
    ovs.setFlowRestoreWait(true);
    settle();
    expect(ovs.forwards()).toBe(true);
    ovs.stopVswitchd('kill');
    expect(ovs.forwards()).toBe(false);
    ovs.startVswitchd();
    settle();
    expect(ovs.forwards()).toBe(false);
    ovs.setFlowRestoreWait(false);
    settle();
    expect(ovs.forwards()).toBe(true);
  });

  it('answers on its control socket for bridges that it has made, and not at all while it hangs', async () => {
    const { apply, commit, ovs } = await simulateOvs();
    commit(createHostPort('netdev', 'port0'));
    expect(() => ovs.features('br-ext')).toThrow(/no such bridge/);
    apply({ op: 'ovs.uplink.detach', rows: ROWS });
    expect(ovs.features('br-ext')).toContain('CT state: Yes');
    ovs.stopVswitchd('hang');
    expect(() => ovs.features('br-ext')).toThrow(/UNIXCTL_UNREACHABLE/);
  });

  it('removes what bears a mark of ours and nothing else', async () => {
    const { apply, ovs, settle } = await simulateOvs();
    ovs.addForeignBridge('br-other');
    ovs.addForeignPort('br-other', 'other0', { type: 'internal' });
    apply(createHostPort('netdev', 'port0'));
    expect(ovs.database().bridges).toHaveLength(2);
    ovs.removeOurRows();
    settle();
    expect(ovs.database().interfaces.map(row => row.name)).toEqual(['br-other', 'other0']);
  });
});
