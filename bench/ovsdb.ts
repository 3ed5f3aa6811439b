/**
 * Measures src/ovsdb beside Open vSwitch's own programs on a private ovsdb-server, all variants interleaved in one run.
 *
 *   node bench/ovsdb.ts [--rows 10000,100000] [--rounds 5]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createOvsdbClient,
  insert,
  mutate,
  namedUuid,
  type Operation,
  type OvsdbClient,
  select,
  update,
} from '../src/ovsdb/index.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000,100000' }, rounds: { type: 'string', default: '5' } },
});
const ROUNDS = Number(values.rounds);
const PORTS_PER_TRANSACTION = 1000;
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

interface Variant {
  readonly name: string;
  run(): Promise<unknown>;
}

/** Runs the variants in turns and prints median and p95 of each, and its median as a multiple of the first one's. */
async function compare(
  title: string,
  variants: readonly Variant[],
  rounds: number,
  unit: 'ms' | 'us',
  settle?: () => Promise<unknown>,
): Promise<void> {
  const samples = variants.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of variants.entries()) {
      await settle?.();
      const since = performance.now();
      await run();
      samples[index]?.push((performance.now() - since) * (unit === 'us' ? 1000 : 1));
    }
  }
  console.log(`\n${title}, ${rounds} interleaved rounds, ${unit}`);
  console.log(`${'variant'.padEnd(44)}${['median', 'p95', 'min', 'x ours'].map(text => text.padStart(12)).join('')}`);
  const base = quantile(samples[0] ?? [], 0.5);
  for (const [index, { name }] of variants.entries()) {
    const own = samples[index] ?? [];
    const median = quantile(own, 0.5);
    const numbers = [median, quantile(own, 0.95), quantile(own, 0)].map(n => n.toFixed(0).padStart(12));
    console.log(`${name.padEnd(44)}${numbers.join('')}${(median / base).toFixed(2).padStart(12)}`);
  }
}

function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function addPort(bridge: string, name: string): Operation[] {
  return [
    insert(
      'Interface',
      { name, type: 'internal', external_ids: { 'iface-id': `${name}-id`, owner: 'bench' } },
      'iface',
    ),
    insert('Port', { name, interfaces: namedUuid('iface') }, 'port'),
    mutate('Bridge', [['name', '==', bridge]], [['ports', 'insert', namedUuid('port')]]),
    mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]]),
    select('Open_vSwitch', [], ['next_cfg']),
  ];
}

async function fill(client: OvsdbClient, ports: number): Promise<void> {
  await client.transact([
    insert('Bridge', { name: 'br0' }, 'bridge'),
    insert('Open_vSwitch', { bridges: namedUuid('bridge') }),
  ]);
  for (let done = 0; done < ports; done += PORTS_PER_TRANSACTION) {
    const operations: Operation[] = [];
    const inserted = [];
    for (let i = done; i < Math.min(ports, done + PORTS_PER_TRANSACTION); i++) {
      const name = `port${i}`;
      operations.push(
        insert(
          'Interface',
          {
            name,
            type: 'internal',
            ofport: i % 65000,
            mtu: 1500,
            ifindex: i,
            mac_in_use: '02:00:00:00:00:01',
            external_ids: { 'iface-id': `${name}-id`, owner: 'bench' },
          },
          `i${i}`,
        ),
        insert('Port', { name, interfaces: namedUuid(`i${i}`) }, `p${i}`),
      );
      inserted.push(namedUuid(`p${i}`));
    }
    operations.push(mutate('Bridge', [['name', '==', 'br0']], [['ports', 'insert', inserted]]));
    await client.transact(operations, { timeoutMs: 60_000 });
  }
}

/** Starts a program and resolves when it has written so many lines; then ends it. */
async function untilLines(program: string, args: readonly string[], lines: number): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) seen++;
      if (seen >= lines) resolve();
    });
    child.on('exit', () => reject(new Error(`${program} ended after ${seen} of ${lines} lines`)));
  });
  child.removeAllListeners('exit');
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** Ends with the exit of the program. */
async function runProgram(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

async function withServer(act: (remote: string, client: OvsdbClient) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'ovsdb-bench-'));
  const file = join(dir, 'db');
  const socket = join(dir, 'sock');
  execFileSync('ovsdb-tool', ['create', file, SCHEMA]);
  const server = spawn(
    'ovsdb-server',
    [file, `--remote=punix:${socket}`, `--unixctl=${join(dir, 'ctl')}`, '-vconsole:off', '-vsyslog:off', '-vfile:off'],
    { stdio: 'ignore' },
  );
  const client = createOvsdbClient({ remotes: `unix:${socket}` });
  try {
    await client.connect({ timeoutMs: 10_000 });
    await act(`unix:${socket}`, client);
  } finally {
    await client.close();
    server.kill('SIGKILL');
    await once(server, 'close');
    await rm(dir, { recursive: true, force: true });
  }
}

async function benchMonitor(rows: number, rounds: number): Promise<void> {
  await withServer(async (remote, client) => {
    await fill(client, rows);
    const columns = [...(client.schema?.tables.get('Interface')?.columns.keys() ?? [])].filter(
      name => !name.startsWith('_'),
    );
    const monitor = async (names: readonly string[]) => {
      await using other = createOvsdbClient({ remotes: remote });
      await other.connect();
      const replica = await other.monitor({ Interface: { columns: names } });
      if (replica.tables.get('Interface')?.size !== rows) throw new Error('rows are missing');
    };
    const cli = (command: string[]) => () =>
      untilLines('ovsdb-client', ['--format=csv', '--no-headings', ...command], rows);
    await compare(
      `first copy of ${rows} Interface rows, connecting included`,
      [
        { name: 'ours, all columns', run: () => monitor(columns) },
        {
          name: 'ours, the 8 columns of OvsState',
          run: () => monitor(['name', 'type', 'ofport', 'external_ids', 'error', 'ifindex', 'mac_in_use', 'mtu']),
        },
        {
          name: 'ovsdb-client monitor-cond (process)',
          run: cli(['monitor-cond', remote, 'Open_vSwitch', '[true]', 'Interface']),
        },
        { name: 'ovsdb-client monitor (process)', run: cli(['monitor', remote, 'Open_vSwitch', 'Interface']) },
      ],
      rounds,
      'ms',
    );
  });
}

async function benchRequests(): Promise<void> {
  await withServer(async (remote, client) => {
    await fill(client, 100);
    const [found] = await client.transact([select('Interface', [['name', '==', 'port7']], ['_uuid'])]);
    const uuid = String(found?.rows?.[0]?._uuid);
    let n = 0;
    const ours: Variant[] = [
      {
        name: 'select one row by uuid',
        run: () => client.transact([select('Interface', [['_uuid', '==', uuid]], ['name', 'ofport', 'error'])]),
      },
      {
        name: 'update one row',
        run: () => client.transact([update('Interface', [['_uuid', '==', uuid]], { mtu_request: 1000 + (n++ % 500) })]),
      },
      { name: 'echo', run: () => client.echo() },
      { name: 'add a port (5 operations)', run: () => client.transact(addPort(`br${n % 100}`, `d${n++}`)) },
    ];
    // A hundred bridges, so that a growing set of ports is not what is measured.
    await client.transact(
      Array.from({ length: 100 }, (_, i) => i)
        .filter(i => i > 0)
        .flatMap(i => [
          insert('Bridge', { name: `br${i}` }, `b${i}`),
          mutate('Open_vSwitch', [], [['bridges', 'insert', namedUuid(`b${i}`)]]),
        ]),
    );
    await compare('requests, beginning with 100 ports', ours, 2000, 'us');

    const since = performance.now();
    const total = 20_000;
    const batch = 500;
    for (let done = 0; done < total; done += batch) {
      await Promise.all(
        Array.from({ length: batch }, () =>
          client.transact([update('Interface', [['_uuid', '==', uuid]], { mtu_request: 1000 + (n++ % 500) })]),
        ),
      );
    }
    console.log(
      `\npipelined updates: ${((total / (performance.now() - since)) * 1000).toFixed(0)} a second, ${batch} in flight`,
    );

    await using other = createOvsdbClient({ remotes: remote });
    await other.connect();
    const replica = await other.monitor({ Interface: { columns: ['mtu_request'] } });
    let seen: (() => void) | undefined;
    replica.subscribe(() => seen?.());
    const roundTrip = () =>
      new Promise<void>((resolve, reject) => {
        seen = resolve;
        client
          .transact([update('Interface', [['_uuid', '==', uuid]], { mtu_request: 1000 + (n++ % 500) })])
          .catch(reject);
      });
    await compare('change by one client until another client is told', [{ name: 'ours', run: roundTrip }], 1000, 'us');
  });
}

async function benchAddPort(): Promise<void> {
  await withServer(async (remote, client) => {
    await fill(client, 100);
    let n = 0;
    const raw = (name: string) =>
      JSON.stringify([
        'Open_vSwitch',
        { op: 'insert', table: 'Interface', row: { name, type: 'internal' }, 'uuid-name': 'iface' },
        { op: 'insert', table: 'Port', row: { name, interfaces: ['named-uuid', 'iface'] }, 'uuid-name': 'port' },
        {
          op: 'mutate',
          table: 'Bridge',
          where: [['name', '==', 'br0']],
          mutations: [['ports', 'insert', ['named-uuid', 'port']]],
        },
        { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '+=', 1]] },
        { op: 'select', table: 'Open_vSwitch', where: [], columns: ['next_cfg'] },
      ]);
    await compare(
      'add a port (5 operations)',
      [
        { name: 'ours', run: () => client.transact(addPort('br0', `a${n++}`)) },
        {
          name: 'ovsdb-client transact (process)',
          run: () => runProgram('ovsdb-client', ['transact', remote, raw(`b${n++}`)]),
        },
        {
          name: 'ovs-vsctl --no-wait add-port (process)',
          run: () => runProgram('ovs-vsctl', [`--db=${remote}`, '--no-wait', 'add-port', 'br0', `c${n++}`]),
        },
      ],
      40,
      'us',
      // The server is still tidying up after the process that has just ended: that is not ours to pay for.
      () => client.echo(),
    );
  });
}

await benchRequests();
await benchAddPort();
for (const rows of (values.rows ?? '').split(',').map(Number)) {
  await benchMonitor(rows, rows > 50_000 ? Math.min(ROUNDS, 3) : ROUNDS);
}
