import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isUplinkError, type UplinkError } from '../../src/errors.ts';
import {
  comment,
  commit,
  createOvsdbClient,
  deleteRows,
  insert,
  isOutcomeUnknown,
  mutate,
  namedUuid,
  type Operation,
  type OvsdbClient,
  select,
  update,
  wait,
} from '../../src/ovsdb/index.ts';
import {
  connectIn,
  createLab,
  createServerIn,
  freePort,
  type Lab,
  recordChanges,
  untilReplica,
  whyNoOvs,
} from './ovsdb-lab.ts';

/** The error that the promise must reject with. */
async function rejection(promise: Promise<unknown>): Promise<UplinkError> {
  const error = await promise.then(
    () => undefined,
    reason => reason,
  );
  if (!isUplinkError(error)) throw new Error(`expected an UplinkError, got ${String(error)}`);
  return error;
}

function addBridge(name: string, externalIds: Record<string, string> = {}): Operation[] {
  return [
    insert('Interface', { name, type: 'internal' }, 'iface'),
    insert('Port', { name, interfaces: namedUuid('iface') }, 'port'),
    insert('Bridge', { name, ports: namedUuid('port'), external_ids: externalIds }, 'bridge'),
    mutate('Open_vSwitch', [], [['bridges', 'insert', namedUuid('bridge')]]),
  ];
}

describe.skipIf(whyNoOvs() !== undefined)('a client of a real ovsdb-server', () => {
  let lab: Lab;
  let client: OvsdbClient;
  let remote: string;

  beforeAll(async () => {
    lab = await createLab();
    const server = createServerIn(lab);
    server.start();
    remote = server.remote;
    client = await connectIn(lab, remote);
    await client.transact([insert('Open_vSwitch', {})]);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('reads the schema', () => {
    expect(client.state).toBe('connected');
    expect(client.remote).toBe(remote);
    expect(client.schema?.name).toBe('Open_vSwitch');
    expect(client.schema?.tables.get('Port')?.columns.get('interfaces')).toMatchObject({
      shape: 'set',
      refTable: 'Interface',
    });
    expect(client.schema?.tables.get('Bridge')?.columns.get('fail_mode')?.allowed).toEqual(['secure', 'standalone']);
  });

  test('gives each operation its result', async () => {
    const [iface, port, bridge, mutated, updated, rows, said, durable, waited] = await client.transact([
      ...addBridge('results'),
      update('Bridge', [['name', '==', 'results']], { fail_mode: 'secure', other_config: { a: '1' } }),
      select(
        'Bridge',
        [['name', '==', 'results']],
        ['_uuid', 'name', 'fail_mode', 'ports', 'other_config', 'stp_enable'],
      ),
      comment('a test'),
      commit(true),
      wait('Bridge', [['name', '==', 'results']], ['fail_mode'], '==', [{ fail_mode: 'secure' }]),
    ]);
    expect(bridge?.uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect([mutated?.count, updated?.count]).toEqual([1, 1]);
    expect(rows?.rows).toEqual([
      {
        _uuid: bridge?.uuid,
        name: 'results',
        fail_mode: 'secure',
        ports: [port?.uuid],
        other_config: { a: '1' },
        stp_enable: false,
      },
    ]);
    expect([said, durable, waited]).toEqual([{}, {}, {}]);
    expect(iface?.uuid).toBeTruthy();
  });

  test('says which operation failed, with the words of the server, and changes nothing', async () => {
    const error = await rejection(
      client.transact([
        mutate('Open_vSwitch', [], [['next_cfg', '+=', 1000]]),
        wait('Open_vSwitch', [], ['ovs_version'], '==', [{ ovs_version: 'never' }]),
        comment('not reached'),
      ]),
    );
    expect(error.code).toBe('OVSDB_REFUSED');
    expect(error.details.object).toBe('operation 2: wait Open_vSwitch');
    expect(error.details.ovsdbError).toBe('timed out');
    const [after] = await client.transact([select('Open_vSwitch', [], ['next_cfg'])]);
    expect(after?.rows?.[0]?.next_cfg).toBeLessThan(1000);
  });

  test('says that the commit failed when a constraint does', async () => {
    const error = await rejection(client.transact(addBridge('results')));
    expect(error.details.object).toBe('commit');
    expect(error.details.ovsdbError).toBe('constraint violation');
    expect(error.details.ovsdbDetails).toMatch(/results/);
  });

  test('refuses an unknown table or column before anything is sent', async () => {
    const { messages } = client.counters;
    expect((await rejection(client.transact([select('Nothing', [])]))).code).toBe('OVSDB_SCHEMA');
    expect((await rejection(client.transact([select('Bridge', [['nothing', '==', 1]])]))).details.object).toBe(
      'Bridge.nothing',
    );
    expect((await rejection(client.transact([update('Bridge', [], { name: 5 })]))).code).toBe('USAGE');
    expect(client.counters.messages).toBe(messages);
  });

  test('refuses a transaction over the bound on messages without sending it', async () => {
    const small = await connectIn(lab, remote, { maxMessageBytes: 200_000 });
    const error = await rejection(small.transact([comment('x'.repeat(200_001))]));
    expect(error.code).toBe('OVSDB_TOO_LARGE');
    expect(small.state).toBe('connected');
  });

  test('sends no more requests than its bound, and counts what it refused', async () => {
    const bounded = await connectIn(lab, remote, { maxInFlight: 4 });
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => bounded.transact([select('Open_vSwitch', [])])),
    );
    expect(all.map(one => one.status)).toEqual([...Array(4).fill('fulfilled'), ...Array(6).fill('rejected')]);
    expect(bounded.counters.refusedBusy).toBe(6);
    expect(bounded.counters.inFlight).toBe(0);
    expect((await bounded.transact([select('Open_vSwitch', [])])).length).toBe(1);
  });

  test('cancels a transaction that waits when its signal ends, and keeps the connection', async () => {
    const stop = new AbortController();
    const waiting = client.transact(
      [wait('Open_vSwitch', [], ['ovs_version'], '==', [{ ovs_version: 'never' }], null)],
      { signal: stop.signal },
    );
    stop.abort();
    const error = await rejection(waiting);
    expect(error.code).toBe('ABORTED');
    expect(isOutcomeUnknown(error.details)).toBe(true);
    expect(await client.echo(['still', 'here'])).toEqual(['still', 'here']);
  });

  test('a transaction that is not answered in time ends with OVSDB_TIMEOUT and a new connection', async () => {
    const other = await connectIn(lab, remote);
    const error = await rejection(
      other.transact([wait('Open_vSwitch', [], ['ovs_version'], '==', [{ ovs_version: 'never' }], null)], {
        timeoutMs: 50,
      }),
    );
    expect(error.code).toBe('OVSDB_TIMEOUT');
    expect(isOutcomeUnknown(error.details)).toBe(true);
    await other.connect({ timeoutMs: 5_000 });
    expect(await other.echo()).toEqual([]);
  });

  test('a replica fills in what the server leaves out and follows every kind of change', async () => {
    const replica = await client.monitor({
      Bridge: { columns: ['name', 'fail_mode', 'ports', 'other_config', 'stp_enable', 'flow_tables'] },
    });
    const seen = recordChanges(replica);
    const [, , bridge] = await client.transact(addBridge('followed'));
    const uuid = bridge?.uuid ?? '';
    const row = () => replica.tables.get('Bridge')?.get(uuid);
    await untilReplica(replica, () => row() !== undefined);
    expect(row()).toMatchObject({
      name: 'followed',
      fail_mode: null,
      other_config: {},
      stp_enable: false,
      flow_tables: {},
    });

    const where = [['name', '==', 'followed']] as const;
    await client.transact([
      update('Bridge', where, { fail_mode: 'secure', other_config: { a: '1', b: '2' }, stp_enable: true }),
    ]);
    await client.transact([
      mutate('Bridge', where, [
        ['other_config', 'delete', ['a']],
        ['other_config', 'insert', { c: '3' }],
      ]),
    ]);
    await client.transact([mutate('Bridge', where, [['other_config', 'delete', { b: '2' }]])]);
    await client.transact([update('Bridge', where, { fail_mode: null, other_config: { c: '4' } })]);
    await untilReplica(replica, () => row()?.fail_mode === null && seen.length >= 5);
    expect(row()).toMatchObject({ fail_mode: null, other_config: { c: '4' }, stp_enable: true });

    await client.transact([mutate('Open_vSwitch', [], [['bridges', 'delete', uuid]])]);
    await untilReplica(replica, () => row() === undefined);
    expect(seen.map(change => change.kind)).toEqual(['insert', 'modify', 'modify', 'modify', 'modify', 'delete']);
    expect(seen.at(0)?.before).toBeUndefined();
    expect(seen.at(-1)?.after).toBeUndefined();
    for (let i = 1; i < seen.length; i++) expect(seen[i]?.before).toBe(seen[i - 1]?.after);
    replica.close();
  });

  test('the changes of one transaction come in one call', async () => {
    const replica = await client.monitor({
      Bridge: { columns: ['name'] },
      Port: { columns: ['name'] },
      Interface: { columns: ['name'] },
    });
    const calls: number[] = [];
    const done = new Promise<void>(resolve => {
      replica.subscribe(changes => {
        calls.push(changes.length);
        resolve();
      });
    });
    await client.transact(addBridge('atomic'));
    await done;
    expect(calls).toEqual([3]);
    replica.close();
  });

  test('a condition limits the replica to its rows, also as they come and go', async () => {
    const replica = await client.monitor({
      Bridge: { columns: ['name', 'external_ids'], where: [['external_ids', 'includes', { mine: 'yes' }]] },
    });
    expect(replica.tables.get('Bridge')?.size).toBe(0);
    await client.transact(addBridge('mine', { mine: 'yes', more: '1' }));
    await client.transact(addBridge('not-mine', { mine: 'no' }));
    await untilReplica(replica, () => replica.tables.get('Bridge')?.size === 1);
    await client.transact([mutate('Bridge', [['name', '==', 'mine']], [['external_ids', 'delete', ['mine']]])]);
    await untilReplica(replica, () => replica.tables.get('Bridge')?.size === 0);
    replica.close();
  });

  test('a column that the schema lacks is refused, or left out when it is optional', async () => {
    const error = await rejection(client.monitor({ Bridge: { columns: ['name', 'from_the_future'] } }));
    expect(error.code).toBe('OVSDB_SCHEMA');
    expect(error.details.object).toBe('Bridge.from_the_future');
    const replica = await client.monitor({
      Bridge: { columns: ['name'], optionalColumns: ['from_the_future', 'fail_mode'] },
    });
    const [row] = [...(replica.tables.get('Bridge')?.values() ?? [])];
    expect(Object.keys(row ?? {}).sort()).toEqual(['fail_mode', 'name']);
    replica.close();
  });

  test('a closed replica hears nothing more', async () => {
    const replica = await client.monitor({ Open_vSwitch: { columns: ['external_ids'] } });
    const seen = recordChanges(replica);
    replica.close();
    await client.transact([update('Open_vSwitch', [], { external_ids: { closed: 'yes' } })]);
    await client.echo();
    expect(seen).toEqual([]);
    expect(replica.synced).toBe(false);
  });

  test('a listener that throws is reported and disturbs nobody', async () => {
    const defects: unknown[] = [];
    const other = await connectIn(lab, remote, { onDefect: error => defects.push(error) });
    const replica = await other.monitor({ Open_vSwitch: { columns: ['external_ids'] } });
    replica.subscribe(() => {
      throw new Error('listener');
    });
    const seen = recordChanges(replica);
    await client.transact([update('Open_vSwitch', [], { external_ids: { throwing: 'yes' } })]);
    await untilReplica(replica, () => seen.length === 1);
    expect(defects).toEqual([new Error('listener')]);
    expect(other.state).toBe('connected');
  });

  test('any text and number survives the way to the server and back, by select and by replica', async () => {
    const replica = await client.monitor({
      Open_vSwitch: { columns: ['external_ids', 'datapath_types', 'next_cfg', 'ovs_version'] },
    });
    const text = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .filter(one => !one.includes('\0') && one.isWellFormed());
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.oneof(text, fc.constant('__proto__')), text, { maxKeys: 5 }),
        fc.uniqueArray(text, { maxLength: 12 }),
        fc.maxSafeInteger(),
        fc.option(text),
        async (external_ids, datapath_types, next_cfg, ovs_version) => {
          const row = { external_ids, datapath_types, next_cfg, ovs_version };
          const columns = Object.keys(row);
          const [, selected] = await client.transact([
            update('Open_vSwitch', [], row),
            select('Open_vSwitch', [], columns),
          ]);
          // The update to a monitor is sent before the reply to the next request.
          await client.echo();
          const [live] = [...(replica.tables.get('Open_vSwitch')?.values() ?? [])];
          for (const got of [selected?.rows?.[0], live]) {
            expect({ ...got, datapath_types: [...((got?.datapath_types ?? []) as string[])].sort() }).toEqual({
              ...row,
              datapath_types: [...datapath_types].sort(),
            });
          }
        },
      ),
      { numRuns: 150 },
    );
    replica.close();
  });

  test('deletes rows by condition', async () => {
    await client.transact(addBridge('doomed'));
    const [, removed] = await client.transact([
      mutate('Open_vSwitch', [], [['bridges', 'delete', await uuidOf('doomed')]]),
      deleteRows('Bridge', [['name', '==', 'doomed']]),
    ]);
    expect(removed?.count).toBe(1);
  });

  async function uuidOf(name: string): Promise<string> {
    const [found] = await client.transact([select('Bridge', [['name', '==', name]], ['_uuid'])]);
    return String(found?.rows?.[0]?._uuid);
  }

  test('an unknown database ends connect with the words of the server', async () => {
    await using other = createOvsdbClient({ remotes: remote, database: 'Nothing' });
    const error = await rejection(other.connect({ timeoutMs: 300 }));
    expect(error.code).toBe('OVSDB_UNREACHABLE');
    expect(error.details.got).toMatch(/unknown database/i);
  });

  test('connect says for each remote why it cannot be reached, and succeeds once one can', async () => {
    const port = await freePort();
    const late = createServerIn(lab, 'late', { listen: `ptcp:${port}:127.0.0.1` });
    await using other = createOvsdbClient({
      remotes: ['unix:/nonexistent/db.sock', `tcp:127.0.0.1:${port}`],
      reconnect: { minDelayMs: 10, maxDelayMs: 50 },
    });
    const error = await rejection(other.connect({ signal: AbortSignal.timeout(200) }));
    expect(error.code).toBe('OVSDB_UNREACHABLE');
    expect(error.details.got).toMatch(/unix:\/nonexistent\/db\.sock.*ENOENT/);
    expect(error.details.got).toMatch(/tcp:127\.0\.0\.1:\d+.*ECONNREFUSED/);
    late.start();
    await other.connect({ timeoutMs: 10_000 });
    expect(other.remote).toBe(`tcp:127.0.0.1:${port}`);
  });

  test('before connect and after close nothing is sent, and the error says so', async () => {
    const other = createOvsdbClient({ remotes: remote });
    const early = await rejection(other.transact([]));
    expect(early.code).toBe('OVSDB_DISCONNECTED');
    expect(isOutcomeUnknown(early.details)).toBe(false);
    await other.connect();
    const pending = other.transact([wait('Open_vSwitch', [], ['ovs_version'], '==', [{ ovs_version: 'never' }], null)]);
    const monitor = other.monitor({ Bridge: { columns: ['name'] } });
    const outcome = Promise.all([rejection(pending), monitor.catch(error => error)]);
    await other.close();
    await other.close();
    expect(isOutcomeUnknown((await outcome)[0].details)).toBe(true);
    expect(other.state).toBe('closed');
    expect((await rejection(other.transact([]))).details.got).toBe('the client is closed');
    expect((await rejection(other.connect())).code).toBe('OVSDB_DISCONNECTED');
  });

  test('talks TLS both ways, and says why when the certificate of the server is not of the CA', async () => {
    const { dir } = lab;
    const pem = (name: string) => join(dir, name);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
    for (const ca of ['ca', 'other']) {
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${ca}`,
        '-keyout',
        pem(`${ca}.key`),
        '-out',
        pem(`${ca}.pem`),
      );
    }
    for (const side of ['server', 'client']) {
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        `/CN=${side}`,
        '-keyout',
        pem(`${side}.key`),
        '-out',
        pem(`${side}.csr`),
      );
      openssl(
        'x509',
        '-req',
        '-in',
        pem(`${side}.csr`),
        '-CA',
        pem('ca.pem'),
        '-CAkey',
        pem('ca.key'),
        '-CAcreateserial',
        '-days',
        '2',
        '-out',
        pem(`${side}.pem`),
      );
    }
    const port = await freePort();
    const server = createServerIn(lab, 'tls', {
      listen: `pssl:${port}:127.0.0.1`,
      args: [`--private-key=${pem('server.key')}`, `--certificate=${pem('server.pem')}`, `--ca-cert=${pem('ca.pem')}`],
    });
    server.start();
    const tls = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') };
    const secure = await connectIn(lab, `ssl:127.0.0.1:${port}`, { tls });
    expect(await secure.echo(['tls'])).toEqual(['tls']);
    for (const [files, why] of [
      [{ ...tls, ca: pem('other.pem') }, /self.signed|unable to (get|verify)/i],
      [{ ...tls, ca: pem('nothing.pem') }, /ENOENT/],
      [undefined, /needs certificates/],
    ] as const) {
      await using other = createOvsdbClient({
        remotes: `ssl:127.0.0.1:${port}`,
        ...(files === undefined ? {} : { tls: files }),
      });
      const error = await rejection(other.connect({ signal: AbortSignal.timeout(500) }));
      expect(error.details.got).toMatch(why);
    }
  });
});
