/**
 * How fast scenarios are replayed: `node bench/scenarios.ts [--rounds 12] [--max-seconds 60]`. Every round plays all fixtures once, in virtual time; the
 * first two warm up and are left out. The goal is 50 000 steps a second: transitions, operations and events. Beside the clock's seconds stand those of the
 * processor, which a busy machine does not lengthen as much.
 */
import { parseArgs } from 'node:util';
import { findScenarioFiles } from '../src/cli/replay/find-scenario-files.ts';
import { createHostReader } from '../src/scenario/load/host-reader.ts';
import { loadScenarios } from '../src/scenario/load/load-scenario.ts';
import { replay } from '../src/scenario/replay.ts';
import type { Scenario } from '../src/scenario/scenario.ts';
import { describeMachine, printTable, quantile, spread } from './report.ts';

const GOAL = 50_000;
const WARM_UP = 2;
/** The slowest that are shown. */
const SLOWEST = 5;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '12' }, 'max-seconds': { type: 'string', default: '60' } },
});
const ROUNDS = Number(values.rounds);
const MAX_MS = Number(values['max-seconds']) * 1000;

await main();

async function main(): Promise<void> {
  console.log(`Scenarios: ${describeMachine()}`);
  const loadedAt = performance.now();
  const scenarios = await loadAll();
  const loadMs = performance.now() - loadedAt;
  const kinds = Map.groupBy(scenarios, ({ kind }) => kind);
  const rows = new Map(
    [...kinds.keys(), 'all'].map(kind => [kind, { steps: 0, ms: [] as number[], cpuMs: [] as number[] }]),
  );
  const times = new Map<string, number[]>();
  const endMs = performance.now() + MAX_MS;
  let round = 0;
  // One counts in any case.
  for (; round < ROUNDS + WARM_UP && (round <= WARM_UP || performance.now() < endMs); round += 1) {
    const all = { steps: 0, ms: 0, cpuMs: 0 };
    for (const [kind, ofKind] of kinds) {
      const played = await playAll(ofKind, times);
      all.steps += played.steps;
      all.ms += played.ms;
      all.cpuMs += played.cpuMs;
      if (round >= WARM_UP) note(rows.get(kind)!, played);
    }
    if (round >= WARM_UP) note(rows.get('all')!, all);
  }
  printTable(
    `${Math.max(0, round - WARM_UP)} rounds over ${scenarios.length} scenarios, loaded in ${loadMs.toFixed(0)} ms; median / p95 / worst`,
    ['kind', 'steps', 'ms a round', 'steps a second', 'of the goal', 'steps a CPU second'],
    [...rows].map(([kind, { steps, ms, cpuMs }]) => {
      const [rate, cpuRate] = [ms, cpuMs].map(list => (steps / quantile(list, 0.5)) * 1000) as [number, number];
      return [
        kind,
        `${steps}`,
        spread(ms),
        rate.toFixed(0),
        `${((rate / GOAL) * 100).toFixed(0)} %`,
        cpuRate.toFixed(0),
      ];
    }),
  );
  const slowest = [...times].map(([name, ms]) => ({ name, ms: quantile(ms, 0.5) })).toSorted((a, b) => b.ms - a.ms);
  printTable(
    'The slowest',
    ['scenario', 'ms (median)'],
    slowest.slice(0, SLOWEST).map(({ name, ms }) => [name, ms.toFixed(1)]),
  );
  console.log(describeMachine());
}

async function loadAll(): Promise<readonly Scenario[]> {
  const hosts = createHostReader();
  const files = await findScenarioFiles(new URL('../fixtures/scenarios', import.meta.url).pathname);
  const scenarios: Scenario[] = [];
  for (const file of files) scenarios.push(...(await loadScenarios(file, hosts)));
  return scenarios;
}

interface PlayedAll {
  readonly steps: number;
  readonly ms: number;
  readonly cpuMs: number;
}

async function playAll(scenarios: readonly Scenario[], times: Map<string, number[]>): Promise<PlayedAll> {
  const startedAt = performance.now();
  const startedCpu = process.cpuUsage();
  let steps = 0;
  for (const scenario of scenarios) {
    const result = await replay(scenario);
    steps += result.steps;
    times.set(scenario.name, [...(times.get(scenario.name) ?? []), result.tookMs]);
  }
  const { user, system } = process.cpuUsage(startedCpu);
  return { steps, ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
}

interface Row {
  steps: number;
  readonly ms: number[];
  readonly cpuMs: number[];
}

function note(row: Row, { steps, ms, cpuMs }: PlayedAll): void {
  row.steps = steps;
  row.ms.push(ms);
  row.cpuMs.push(cpuMs);
}
