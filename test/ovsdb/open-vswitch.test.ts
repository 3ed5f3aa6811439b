import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBridge, findInterface, findPort } from '../../src/domain/ovs-state.ts';
import {
  insert,
  mutate,
  namedUuid,
  type Operation,
  transactApplied,
  transactBumped,
  update,
  waitApplied,
} from '../../src/ovsdb/index.ts';
import { createLab, type Lab, untilReplica, whyNoOvs } from './ovsdb-lab.ts';
import { startVswitchd, type VswitchdLab } from './vswitchd-lab.ts';

function addBridge(name: string): Operation[] {
  return [
    insert('Interface', { name, type: 'internal' }, 'iface'),
    insert('Port', { name, interfaces: namedUuid('iface') }, 'port'),
    insert(
      'Bridge',
      { name, datapath_type: 'netdev', ports: namedUuid('port'), external_ids: { 'ovs-uplink:id': 'x' } },
      'bridge',
    ),
    mutate('Open_vSwitch', [], [['bridges', 'insert', namedUuid('bridge')]]),
  ];
}

function addPort(bridge: string, name: string, type = ''): Operation[] {
  return [
    insert('Interface', { name, type }, 'iface'),
    insert('Port', { name, interfaces: namedUuid('iface') }, 'port'),
    mutate('Bridge', [['name', '==', bridge]], [['ports', 'insert', namedUuid('port')]]),
  ];
}

describe.skipIf(whyNoOvs(true) !== undefined)('with a real ovs-vswitchd', () => {
  let lab: Lab;
  let real: VswitchdLab;
  beforeAll(async () => {
    lab = await createLab();
    real = await startVswitchd(lab);
    await transactApplied(real.client, real.ovs.replica, addBridge('br0'), { timeoutMs: 20_000 });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('a transaction is applied when transactApplied resolves: the kernel has the link and OVSDB knows it', async () => {
    const { client, ovs } = real;
    const { nextCfg, results } = await transactApplied(client, ovs.replica, addPort('br0', 'host0', 'internal'));
    expect(results).toHaveLength(3);
    expect(results[0]?.uuid).toBe(findInterface(ovs.state(), 'host0')?.uuid);
    expect(ovs.state().system?.curCfg).toBeGreaterThanOrEqual(nextCfg);
    const kernel = JSON.parse(real.ip('-j', 'link', 'show', 'host0'));
    expect(findInterface(ovs.state(), 'host0')).toMatchObject({
      error: null,
      ofport: expect.any(Number),
      ifindex: kernel[0].ifindex,
      macInUse: kernel[0].address,
      mtu: kernel[0].mtu,
    });
  });

  test('VLANs of a port and the other end of a patch port are told, and of the other options nothing', async () => {
    const { client, ovs } = real;
    const patch = { name: 'patch0', type: 'patch', options: { peer: 'patch1' } };
    await transactApplied(client, ovs.replica, [
      insert('Interface', patch, 'iface'),
      insert(
        'Port',
        { name: 'patch0', interfaces: namedUuid('iface'), tag: 7, trunks: [9, 8], vlan_mode: null },
        'port',
      ),
      mutate('Bridge', [['name', '==', 'br0']], [['ports', 'insert', namedUuid('port')]]),
    ]);
    expect(findPort(ovs.state(), 'patch0')?.port.vlan).toEqual({ tag: 7, trunks: [8, 9], vlanMode: null });
    expect(findPort(ovs.state(), 'br0')?.port).not.toHaveProperty('vlan');
    expect(findInterface(ovs.state(), 'patch0')?.peer).toBe('patch1');
    const options = { remote_ip: '192.0.2.1', psk: 'secret' };
    await transactApplied(client, ovs.replica, [
      insert('Interface', { name: 'gre0', type: 'gre', options }, 'iface'),
      insert('Port', { name: 'gre0', interfaces: namedUuid('iface') }, 'port'),
      mutate('Bridge', [['name', '==', 'br0']], [['ports', 'insert', namedUuid('port')]]),
    ]);
    expect(findPort(ovs.state(), 'gre0')).toBeDefined();
    expect(JSON.stringify(ovs.state())).not.toContain('secret');
    const added = ['patch0', 'gre0'].map(name => findPort(ovs.state(), name)?.port.uuid ?? '');
    await transactApplied(client, ovs.replica, [
      mutate('Bridge', [['name', '==', 'br0']], [['ports', 'delete', added]]),
    ]);
  });

  test('the state shows bridge, port and interface as they belong together', () => {
    const { ovs, client } = real;
    const state = ovs.state();
    expect(ovs.state()).toBe(state);
    expect(state.schemaVersion).toBe(client.schema?.version);
    expect(state.system?.datapathTypes).toContain('netdev');
    expect(state.system?.interfaceTypes).toContain('internal');
    expect(state.system?.flowRestoreWait).toBe(false);
    expect(findBridge(state, 'br0')).toMatchObject({
      datapathType: 'netdev',
      datapathId: expect.stringMatching(/^[0-9a-f]{16}$/),
      failMode: null,
      controllers: 0,
      externalIds: { 'ovs-uplink:id': 'x' },
    });
    expect(findPort(state, 'host0')?.bridge.name).toBe('br0');
    expect(findPort(state, 'host0')?.port.interfaces).toEqual([findInterface(state, 'host0')?.uuid]);
  });

  test('each change is told after the state shows it, and objects that did not change stay the same', async () => {
    const { client, ovs } = real;
    const before = ovs.state();
    const shown: boolean[] = [];
    const end = ovs.subscribe(state => shown.push(state.system?.flowRestoreWait === true && state === ovs.state()));
    await client.transact([mutate('Open_vSwitch', [], [['other_config', 'insert', { 'flow-restore-wait': 'true' }]])]);
    await untilReplica(ovs.replica, () => ovs.state().system?.flowRestoreWait === true);
    expect(shown.at(-1)).toBe(true);
    expect(findBridge(ovs.state(), 'br0')).toBe(findBridge(before, 'br0'));
    expect(ovs.state().interfaces).toBe(before.interfaces);
    end();
    await client.transact([mutate('Open_vSwitch', [], [['other_config', 'delete', ['flow-restore-wait']]])]);
  });

  test('an interface that cannot be made shows its error, and ofport -1', async () => {
    const { client, ovs } = real;
    await transactApplied(client, ovs.replica, addPort('br0', 'missing0'));
    expect(findInterface(ovs.state(), 'missing0')).toMatchObject({
      ofport: -1,
      error: expect.stringMatching(/could not open network device missing0 \(No such device\)/),
    });
  });

  test('the replica follows when the kernel heals an interface by itself', async () => {
    const { client, ovs } = real;
    await transactApplied(client, ovs.replica, addPort('br0', 'later0'));
    expect(findInterface(ovs.state(), 'later0')?.error).toBeTruthy();
    real.ip('link', 'add', 'later0', 'type', 'veth', 'peer', 'name', 'later1');
    await untilReplica(ovs.replica, () => findInterface(ovs.state(), 'later0')?.error === null);
    expect(findInterface(ovs.state(), 'later0')?.ofport).toBeGreaterThan(0);
  });

  test('a stopped ovs-vswitchd gives OVSDB_NOT_APPLIED with the numbers, and applies once it goes on', async () => {
    const { client, ovs, vswitchd } = real;
    process.kill(vswitchd.pid, 'SIGSTOP');
    let wanted = 0;
    try {
      const current = ovs.state().system?.curCfg;
      const error = await transactApplied(client, ovs.replica, [update('Bridge', [], { other_config: { a: 'b' } })], {
        timeoutMs: 200,
      }).catch(reason => reason);
      expect(error.code).toBe('OVSDB_NOT_APPLIED');
      wanted = Number(/\d+/.exec(error.details.expected)?.[0]);
      expect(wanted).toBe((current ?? 0) + 1);
      expect(error.details.got).toBe(`cur_cfg ${current}`);
      const stop = AbortSignal.timeout(50);
      await expect(waitApplied(ovs.replica, wanted, { signal: stop })).rejects.toMatchObject({ code: 'ABORTED' });
    } finally {
      process.kill(vswitchd.pid, 'SIGCONT');
    }
    await waitApplied(ovs.replica, wanted);
    expect(ovs.state().system?.curCfg).toBeGreaterThanOrEqual(wanted);
  });

  test('a replica without cur_cfg cannot wait, and says so', async () => {
    const { client } = real;
    const replica = await client.monitor({ Bridge: { columns: ['name'] } });
    await expect(waitApplied(replica, 1)).rejects.toMatchObject({ code: 'OVSDB_SCHEMA' });
    replica.close();
  });

  test('a transaction that bumps next_cfg returns the number to wait for', async () => {
    const { client, ovs } = real;
    const first = await transactBumped(client, []);
    const second = await transactBumped(client, []);
    expect(second.nextCfg).toBe(first.nextCfg + 1);
    await waitApplied(ovs.replica, second.nextCfg);
  });
});
