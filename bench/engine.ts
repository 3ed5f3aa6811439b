/**
 * What the engine and the command line cost, without traffic: `node bench/engine.ts [--rounds 20] [--routes 10000] [--max-seconds 60]` (root). The
 * two parts that go by rounds stop after that time, each.
 *
 * Two labs take turns: one as it is, one with that many routes more in another table. Every way is a process of its own, as with the
 * command line.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Lab, labNeeds } from '../test/lab/lab.ts';
import { BRIDGE, createBenchLab, orderInput } from './bench-lab.ts';
import type { Mark } from './orders/order.ts';
import { startWorker, type WayReport } from './orders/start-worker.ts';
import { describeMachine, printTable, quantile, spread } from './report.ts';
import { runProcess } from './run-process.ts';

const BIN = fileURLToPath(new URL('../bin/ovs-uplink', import.meta.url));

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    routes: { type: 'string', default: '10000' },
    'max-seconds': { type: 'string', default: '60' },
  },
});
const ROUNDS = Number(values.rounds);
const ROUTES = Number(values.routes);
const MAX_MS = Number(values['max-seconds']) * 1000;

const needs = labNeeds();
if (needs.length > 0) console.error(`SKIPPED: no namespace lab here: ${needs.join('; ')}`);
else await main();

async function main(): Promise<void> {
  console.log(`Engine: ${describeMachine()}`);
  await using plain = await createBenchLab();
  await using full = await createBenchLab();
  await addRoutes(full, ROUTES);
  const labs = [
    { name: '0 routes more', lab: plain },
    { name: `${ROUTES} routes more`, lab: full },
  ];
  await benchWays(labs);
  await benchCommandLine(plain);
  await benchMemory(labs);
  console.log(describeMachine());
}

async function addRoutes(lab: Lab, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => {
    return `route add unreachable ${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/32 table 500`;
  });
  await lab.run(lab.hostNs, ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, check: true });
}

type Labs = readonly { readonly name: string; readonly lab: Lab }[];

async function benchWays(labs: Labs): Promise<void> {
  const reports = new Map<string, WayReport[]>();
  const endMs = performance.now() + MAX_MS;
  let round = 0;
  for (; round < ROUNDS && performance.now() < endMs; round += 1) {
    for (const { name, lab } of labs) {
      for (const way of ['there', 'back'] as const) {
        const input = orderInput(lab, 'host-port');
        await using worker = await startWorker(lab, { contestant: 'ovs-uplink, host-port', way, input });
        const list = reports.get(`${name} ${way}`) ?? [];
        reports.set(`${name} ${way}`, [...list, await worker.go()]);
      }
    }
  }
  for (const way of ['there', 'back'] as const) {
    const columns = labs.map(({ name }) => reports.get(`${name} ${way}`) ?? []);
    const spans = columns.map(list => list.map(report => timeByState(report.marks, report.durationMs)));
    const states = [...new Set(spans.flat().flatMap(one => [...one.keys()]))];
    const cells = (pick: (span: ReadonlyMap<string, number>) => number): string[] => {
      const [base = [], ...more] = spans.map(list => list.map(pick));
      const ratios = more.map(list => `x${(quantile(list, 0.5) / quantile(base, 0.5)).toFixed(2)}`);
      return [spread(base, 1), ...more.map(list => spread(list, 1)), ...ratios];
    };
    const whole = (span: ReadonlyMap<string, number>): number => [...span.values()].reduce((sum, ms) => sum + ms, 0);
    printTable(
      `${way === 'there' ? 'migrate, from assessing to committed' : 'restore, to rolledBack'}, ms in each state (median / p95 / worst of ${round})`,
      ['', ...labs.map(({ name }) => name), 'ratio'],
      [...states.map(state => [state, ...cells(span => span.get(state) ?? 0)]), ['all', ...cells(whole)]],
    );
    const memory = columns.map(list => spread(list.map(({ maxRssKb }) => maxRssKb / 1024)));
    console.log(`peak resident memory of that process, MiB: ${memory.join('; ')}`);
  }
}

/** ms in each state; marks of effects begin with a space. */
function timeByState(marks: readonly Mark[], endMs: number): ReadonlyMap<string, number> {
  const states = marks.filter(({ text }) => !text.startsWith(' '));
  const times = new Map<string, number>();
  for (const [index, { text, atMs }] of states.entries()) {
    times.set(text, (times.get(text) ?? 0) + (states[index + 1]?.atMs ?? endMs) - atMs);
  }
  return times;
}

async function benchCommandLine(lab: Lab): Promise<void> {
  const inHost = ['ip', 'netns', 'exec', lab.hostNs];
  const common = ['--ovsdb', lab.ovsdbRemote, '--state-dir', lab.stateDir];
  const candidates = [
    {
      name: 'ovs-uplink plan, first line',
      argv: [...inHost, BIN, 'plan', '-i', 'eth0', '-b', BRIDGE, ...common],
      first: true,
    },
    {
      name: 'ovs-uplink plan, end',
      argv: [...inHost, BIN, 'plan', '-i', 'eth0', '-b', BRIDGE, ...common],
      first: false,
    },
    { name: 'ovs-uplink status, end', argv: [...inHost, BIN, 'status', ...common], first: false },
    { name: 'ovs-uplink --help, end', argv: [BIN, '--help'], first: false },
    { name: 'node -e 0, for comparison', argv: [process.execPath, '-e', '0'], first: false },
    { name: 'ovs-vsctl show, for comparison', argv: ['ovs-vsctl', `--db=${lab.ovsdbRemote}`, 'show'], first: false },
  ];
  const times = candidates.map((): number[] => []);
  const endMs = performance.now() + MAX_MS;
  let round = 0;
  for (; round < ROUNDS && performance.now() < endMs; round += 1) {
    for (const [index, { argv, first }] of candidates.entries()) {
      const { firstOutputMs, endMs } = await runProcess(argv, lab.ovsEnvironment);
      times[index]?.push(first ? (firstOutputMs ?? Number.NaN) : endMs);
    }
  }
  const base = quantile(times[0] ?? [], 0.5);
  printTable(
    `Command line, ms from its start (median / p95 / worst of ${round}, in turns)`,
    ['', 'ms', 'ratio'],
    candidates.map(({ name }, index) => {
      const own = times[index] ?? [];
      return [name, spread(own), `x${(quantile(own, 0.5) / base).toFixed(2)}`];
    }),
  );
}

/** Resident memory of `ovs-uplink migrate` while it waits to be confirmed. */
async function benchMemory(labs: Labs): Promise<void> {
  const rows: string[][] = [];
  for (const { name, lab } of labs) {
    const common = ['--ovsdb', lab.ovsdbRemote, '--state-dir', lab.stateDir];
    const migrate = [BIN, 'migrate', '-i', 'eth0', '-b', BRIDGE, '--confirm-within', '60s', '--json', ...common];
    const child = lab.spawn(lab.hostNs, migrate, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
    if (child.stdout === null || child.pid === undefined) throw new Error('migrate did not start');
    let status = '';
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.includes('"confirm-window"')) continue;
      status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      await lab.run(lab.hostNs, [BIN, 'confirm', '-i', 'eth0', ...common], { check: true });
    }
    await ended;
    await lab.run(lab.hostNs, [BIN, 'restore', '-i', 'eth0', ...common], { check: true });
    const megabytes = (key: string): string =>
      (Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]) / 1024).toFixed(0);
    rows.push([name, megabytes('VmRSS'), megabytes('VmHWM')]);
  }
  printTable('Memory of `ovs-uplink migrate` while it waits to be confirmed, MiB', ['', 'resident', 'peak'], rows);
}
