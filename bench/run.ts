/**
 * Runs the benches one after another: `npm run bench -- [--quick] [cutover] [engine] [inspect] [moves] [netlink] [ovsdb] [scenarios]`; all without a name. `--quick` takes less than
 * three minutes, all in full less than twenty-five: what is over its time is ended, and that is told.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, printTable } from './report.ts';

interface Bench {
  readonly args: readonly string[];
  /** Null: it cannot be quick. */
  readonly quickArgs: readonly string[] | null;
  /** Seconds after which it is ended: in full, quick. */
  readonly limits: readonly [number, number];
}

const BENCHES: Readonly<Record<string, Bench>> = {
  cutover: {
    args: ['--runs', '20', '--peer-runs', '10', '--max-minutes', '13'],
    quickArgs: ['--runs', '2', '--peer-runs', '1', '--max-minutes', '1'],
    limits: [15 * 60, 100],
  },
  engine: {
    args: ['--rounds', '20', '--max-seconds', '60'],
    quickArgs: ['--rounds', '3', '--max-seconds', '12'],
    limits: [160, 45],
  },
  inspect: { args: [], quickArgs: ['--rounds', '2'], limits: [180, 45] },
  moves: { args: [], quickArgs: ['--rounds', '5'], limits: [60, 25] },
  netlink: { args: [], quickArgs: null, limits: [240, 0] },
  ovsdb: { args: [], quickArgs: ['--rows', '1000', '--rounds', '2'], limits: [180, 30] },
  scenarios: {
    args: ['--rounds', '12', '--max-seconds', '60'],
    quickArgs: ['--rounds', '2', '--max-seconds', '15'],
    limits: [90, 30],
  },
};

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
const isQuick = values.quick === true;
const unknown = positionals.filter(name => BENCHES[name] === undefined);

if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else if (process.getuid?.() !== 0) {
  console.error('SKIPPED: the benches make network namespaces, which needs root');
} else {
  await main(positionals.length > 0 ? positionals : Object.keys(BENCHES));
}

async function main(names: readonly string[]): Promise<void> {
  console.log(`${isQuick ? 'Quick: too few rounds for conclusions. ' : ''}${describeMachine()}`);
  const rows: string[][] = [];
  for (const name of names) {
    const bench = BENCHES[name];
    if (bench === undefined) continue;
    console.log(`\n== ${name} ${'='.repeat(Math.max(0, 100 - name.length))}`);
    const since = performance.now();
    const end = await runBench(name, bench);
    if (end !== 'done' && end !== 'left out') process.exitCode = 1;
    rows.push([name, end, ((performance.now() - since) / 1000).toFixed(0)]);
  }
  printTable('Benches', ['', 'end', 's'], rows);
}

async function runBench(name: string, { args, quickArgs, limits }: Bench): Promise<string> {
  const program = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const given = isQuick ? quickArgs : args;
  if (given === null) {
    console.log(`left out, it takes minutes: npm run bench ${name}`);
    return 'left out';
  }
  // A process group of its own: what it has started ends with it.
  const child = spawn(process.execPath, [program, ...given], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const endGroup = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  };
  const onInterrupt = (): void => endGroup('SIGINT');
  process.once('SIGINT', onInterrupt);
  const limitS = limits[isQuick ? 1 : 0];
  let isLate = false;
  // SIGINT, not SIGKILL: what has been made is taken down.
  const timer = setTimeout(() => {
    isLate = true;
    endGroup('SIGINT');
  }, limitS * 1000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  process.off('SIGINT', onInterrupt);
  if (isLate) return `ended after ${limitS} s, its time`;
  return code === 0 ? 'done' : `failed (${code})`;
}
