/**
 * Runs in the lab's host namespace: `node many-moves.ts '<json>'`. One engine moves a link and brings it home, many times, and tells how long each took and
 * what the process has open at the end. Prints one JSON object.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { MoveWay } from '../../../src/domain/move/plan.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';

/** What to do. */
export interface ManyMoves {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly link: string;
  readonly netns: string;
  readonly way: MoveWay;
  readonly times: number;
}

/** What became of it. */
export interface ManyMovesReport {
  /** Of each move and each return, in ms. */
  readonly moves: readonly number[];
  readonly returns: readonly number[];
  /** Ends that were not as asked. */
  readonly failures: readonly string[];
  /** After the first round, and after the last. */
  readonly open: readonly [Open, Open];
}

/** What a process holds. */
export interface Open {
  readonly descriptors: number;
  readonly threads: number;
  readonly stateFiles: readonly string[];
  /** Mounts of network namespaces that this process sees below its state folder. */
  readonly mounts: number;
}

const order = JSON.parse(process.argv[2] ?? '') as ManyMoves;
const { link, netns, way, times } = order;

function look(): Open {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    // The flight recorder begins a second file, and has never more.
    stateFiles: readdirSync(order.stateDir)
      .filter(name => !name.endsWith('.flight.1'))
      .sort(),
    mounts: mounts.filter(line => line.includes(order.stateDir)).length,
  };
}

await using engine = createEngine({ stateDir: order.stateDir, ovsdb: order.ovsdb });
const moves: number[] = [];
const returns: number[] = [];
const failures: string[] = [];
let first: Open | undefined;
for (let round = 0; round < times && failures.length === 0; round += 1) {
  const started = performance.now();
  const moved = await engine.moveLink({ link, netns, name: 'net1', way }).outcome;
  const there = performance.now();
  const back = await engine.returnLink({ link }).outcome;
  moves.push(there - started);
  returns.push(performance.now() - there);
  if (moved.result !== 'inUse') failures.push(`move ${round}: ${moved.result} ${moved.failure?.what}`);
  if (back.result !== 'restored') failures.push(`return ${round}: ${back.result} ${back.failure?.what}`);
  first ??= look();
}
const report: ManyMovesReport = { moves, returns, failures, open: [first ?? look(), look()] };
process.stdout.write(`${JSON.stringify(report)}\n`);
