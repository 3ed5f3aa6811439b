import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { insert, isOutcomeUnknown, mutate, type OvsdbClient, select, update, wait } from '../../src/ovsdb/index.ts';
import {
  connectIn,
  createLab,
  createServerIn,
  type Lab,
  nextEvent,
  recordChanges,
  SCHEMA,
  untilReplica,
  whyNoOvs,
} from './ovsdb-lab.ts';

describe.skipIf(whyNoOvs() !== undefined)('when the connection is lost', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab();
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  const seed = (client: OvsdbClient) => client.transact([insert('Open_vSwitch', { external_ids: { kept: 'yes' } })]);

  test('a replica shows after the reconnect what changed meanwhile, once, and nothing else', async () => {
    const server = createServerIn(lab);
    let daemon = server.start();
    const client = await connectIn(lab, server.remote);
    await seed(client);
    await client.transact([
      insert('QoS', { type: 'linux-htb', external_ids: { gone: 'soon' } }),
      insert('QoS', { type: 'linux-hfsc', other_config: { same: 'same' } }),
      insert('QoS', { type: 'linux-codel' }),
    ]);
    const replica = await client.monitor({ QoS: { columns: ['type', 'external_ids', 'other_config', 'queues'] } });
    const table = replica.tables.get('QoS');
    const untouched = [...(table?.values() ?? [])].find(row => row.type === 'linux-hfsc');
    const seen = recordChanges(replica);

    const lost = nextEvent(client, 'disconnected');
    await daemon.kill('SIGKILL');
    await lost;
    expect(replica.synced).toBe(false);
    expect(table?.size).toBe(3);
    const offline = [
      'Open_vSwitch',
      { op: 'delete', table: 'QoS', where: [['type', '==', 'linux-htb']] },
      {
        op: 'update',
        table: 'QoS',
        where: [['type', '==', 'linux-codel']],
        row: { external_ids: ['map', [['a', 'b']]] },
      },
      { op: 'insert', table: 'QoS', row: { type: 'linux-sfq' } },
    ];
    execFileSync('ovsdb-tool', ['transact', server.file, JSON.stringify(offline)]);
    const synced = nextEvent(client, 'synced');
    daemon = server.start();
    await synced;

    expect(replica.synced).toBe(true);
    expect(replica.tables.get('QoS')).toBe(table);
    expect(
      seen.map(({ kind, before, after }) => [kind, before?.type, after?.type, after?.external_ids]).sort(),
    ).toEqual(
      [
        ['delete', 'linux-htb', undefined, undefined],
        ['insert', undefined, 'linux-sfq', {}],
        ['modify', 'linux-codel', 'linux-codel', { a: 'b' }],
      ].sort(),
    );
    expect([...(table?.values() ?? [])]).toContain(untouched);
    expect(client.counters).toMatchObject({ connects: 2, disconnects: 1, downloads: 2, resumed: 0 });
  });

  test('no change is lost or told twice while the server is killed again and again under a writer', async () => {
    const server = createServerIn(lab);
    let daemon = server.start();
    const [writer, reader] = [await connectIn(lab, server.remote), await connectIn(lab, server.remote)];
    await seed(writer);
    const replica = await reader.monitor({ Open_vSwitch: { columns: ['next_cfg'] } });
    const seen = recordChanges(replica);

    let acknowledged = 0;
    let unknown = 0;
    for (let round = 0; round < 4; round++) {
      const burst = Array.from({ length: 50 }, () =>
        writer.transact([mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]])]),
      );
      // Some of the burst is answered, some is in flight, some is not sent.
      await burst[10];
      const killed = daemon.kill('SIGKILL');
      for (const outcome of await Promise.allSettled(burst)) {
        if (outcome.status === 'fulfilled') acknowledged++;
        else if (isOutcomeUnknown(outcome.reason.details)) unknown++;
        else expect(outcome.reason.code).toBe('OVSDB_DISCONNECTED');
      }
      await killed;
      const synced = nextEvent(reader, 'synced');
      daemon = server.start();
      await Promise.all([synced, writer.connect({ timeoutMs: 10_000 })]);
    }

    const [result] = await writer.transact([select('Open_vSwitch', [], ['next_cfg'])]);
    const final = Number(result?.rows?.[0]?.next_cfg);
    expect(acknowledged).toBeGreaterThanOrEqual(44);
    expect(final).toBeGreaterThanOrEqual(acknowledged);
    expect(final).toBeLessThanOrEqual(acknowledged + unknown);
    await untilReplica(replica, () => seen.at(-1)?.after?.next_cfg === final);
    // Each change begins where the last one ended: none is missing, none comes twice.
    for (let i = 1; i < seen.length; i++) expect(seen[i]?.before).toBe(seen[i - 1]?.after);
    for (const { before, after } of seen) expect(after?.next_cfg).not.toBe(before?.next_cfg);
  });

  test('a transaction in flight ends with OVSDB_DISCONNECTED that says its outcome is unknown', async () => {
    const server = createServerIn(lab);
    const daemon = server.start();
    const client = await connectIn(lab, server.remote);
    await seed(client);
    const waiting = client.transact([
      wait('Open_vSwitch', [], ['ovs_version'], '==', [{ ovs_version: 'never' }], null),
    ]);
    const outcome = waiting.catch(error => error);
    await client.echo();
    await daemon.kill('SIGKILL');
    const error = await outcome;
    expect(error.code).toBe('OVSDB_DISCONNECTED');
    expect(isOutcomeUnknown(error.details)).toBe(true);
    expect(error.message).toMatch(/may or may not have happened/);
  });

  test('the next remote is used', async () => {
    const [first, second] = [createServerIn(lab, 'first'), createServerIn(lab, 'second')];
    const daemon = first.start();
    const client = await connectIn(lab, [first.remote, second.remote]);
    expect(client.remote).toBe(first.remote);
    second.start();
    const connected = nextEvent(client, 'connected');
    await daemon.kill();
    await connected;
    expect(client.remote).toBe(second.remote);
  });

  test('a monitor that is asked for meanwhile is filled after the reconnect', async () => {
    const server = createServerIn(lab);
    const daemon = server.start();
    const client = await connectIn(lab, server.remote);
    await seed(client);
    const lost = nextEvent(client, 'disconnected');
    await daemon.kill();
    await lost;
    const pending = client.monitor({ Open_vSwitch: { columns: ['external_ids'] } });
    const aborted = client.monitor({ Open_vSwitch: { columns: ['external_ids'] } }, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    server.start();
    const replica = await pending;
    expect([...(replica.tables.get('Open_vSwitch')?.values() ?? [])]).toEqual([{ external_ids: { kept: 'yes' } }]);
  });

  test('a replica outlives a conversion of the schema, with the new columns', async () => {
    const server = createServerIn(lab);
    server.start();
    const client = await connectIn(lab, server.remote);
    await seed(client);
    const replica = await client.monitor({
      Open_vSwitch: { columns: ['external_ids'], optionalColumns: ['from_the_future'] },
    });
    const seen = recordChanges(replica);
    expect([...(replica.tables.get('Open_vSwitch')?.values() ?? [])]).toEqual([{ external_ids: { kept: 'yes' } }]);

    const schema = JSON.parse(await readFile(SCHEMA, 'utf8'));
    schema.tables.Open_vSwitch.columns.from_the_future = { type: 'integer' };
    schema.version = '99.0.0';
    delete schema.cksum;
    const file = join(lab.dir, 'future.ovsschema');
    await writeFile(file, JSON.stringify(schema));
    const synced = nextEvent(client, 'synced');
    execFileSync('ovsdb-client', ['convert', server.remote, file]);
    await synced;

    expect(client.schema?.version).toBe('99.0.0');
    expect([...(replica.tables.get('Open_vSwitch')?.values() ?? [])]).toEqual([
      { external_ids: { kept: 'yes' }, from_the_future: 0 },
    ]);
    expect(seen.map(change => change.kind)).toEqual(['modify']);
    await client.transact([update('Open_vSwitch', [], { from_the_future: 7 })]);
    await untilReplica(replica, () => seen.length === 2);
    expect(seen[1]?.after).toEqual({ external_ids: { kept: 'yes' }, from_the_future: 7 });
  });
});
