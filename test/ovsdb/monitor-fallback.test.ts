import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insert, mutate, type OvsdbClient, update } from '../../src/ovsdb/index.ts';
import { connectIn, createLab, createServerIn, type Lab, recordChanges, untilReplica, whyNoOvs } from './ovsdb-lab.ts';
import { startProxy } from './raw-server.ts';

describe.skipIf(whyNoOvs() !== undefined)('on a server that lacks the newer monitor methods', () => {
  let lab: Lab;
  let direct: OvsdbClient;
  let target: string;
  beforeAll(async () => {
    lab = await createLab();
    const server = createServerIn(lab);
    server.start();
    target = server.remote;
    direct = await connectIn(lab, target);
    await direct.transact([insert('Open_vSwitch', { external_ids: { a: '1', b: '2' } })]);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test.each([
    ['monitor_cond', ['monitor_cond_since']],
    ['monitor', ['monitor_cond_since', 'monitor_cond']],
  ])('%s is used, and shows the same', async (last, lacking) => {
    const { remote, requests } = await startProxy(lab, `without-${last}`, target, ({ id, method }) =>
      lacking.includes(method) ? { id, error: 'unknown method' } : undefined,
    );
    const client = await connectIn(lab, remote);
    const columns = ['external_ids', 'datapath_types', 'ovs_version', 'next_cfg'];
    const replica = await client.monitor({ Open_vSwitch: { columns } });
    const reference = await direct.monitor({ Open_vSwitch: { columns } });
    const methods = requests.filter(one => one.params[0] === 'Open_vSwitch' && one.method !== 'get_schema');
    expect(methods.at(-1)?.method).toBe(last);
    // What is lacking is found out once, not by each monitor.
    expect(requests.filter(one => one.method === 'monitor_cond_since')).toHaveLength(1);

    const seen = recordChanges(replica);
    await direct.transact([update('Open_vSwitch', [], { external_ids: { b: '3', c: '4' }, ovs_version: last })]);
    await direct.transact([
      mutate(
        'Open_vSwitch',
        [],
        [
          ['external_ids', 'delete', ['b']],
          ['datapath_types', 'insert', [last]],
        ],
      ),
    ]);
    await direct.transact([update('Open_vSwitch', [], { ovs_version: null })]);
    await untilReplica(replica, () => seen.length === 3);
    await direct.echo();
    expect(replica.tables).toEqual(reference.tables);
    expect(seen.map(change => change.kind)).toEqual(['modify', 'modify', 'modify']);
  });

  test('conditions are refused where only "monitor" is there', async () => {
    const { remote } = await startProxy(lab, 'old', target, ({ id, method }) =>
      method.startsWith('monitor_cond') && method !== 'monitor_cancel' ? { id, error: 'unknown method' } : undefined,
    );
    const client = await connectIn(lab, remote);
    const filtered = client.monitor({ Bridge: { columns: ['name'], where: [['name', '==', 'x']] } });
    await expect(filtered).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(client.state).toBe('connected');
  });
});
