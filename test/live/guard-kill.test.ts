import { expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { createDice } from './guarding/dice.ts';
import { createGuardBench } from './guarding/guard-bench.ts';
import { type KilledRun, killAtRandom } from './guarding/killed-run.ts';
import { runCli } from './support/cli.ts';

/** `npm run soak:guard` makes it 100. */
const RUNS = Number(process.env['OVS_UPLINK_GUARD_RUNS'] ?? 4);
/** `OVS_UPLINK_SEED=…` repeats the choices of a run; the instants are as exact as timers are. */
const SEED = Number(process.env['OVS_UPLINK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describeLive('killed with SIGKILL at a random instant, and nobody calls recover', () => {
  it(
    `${RUNS} runs: committed or as before, reachable again within a second`,
    async () => {
      console.log(`seed ${SEED}`);
      const dice = createDice(SEED);
      await using bench = await createGuardBench({ name: 'gkill' });
      const spanMs = await measureSpan(bench.lab);
      const runs: KilledRun[] = [];
      for (let n = 1; n <= RUNS; n += 1) {
        const run = await killAtRandom(bench, dice, spanMs);
        runs.push(run);
        console.log(tell(n, run));
        expect(run.problems, `seed ${SEED}, run ${n}: ${run.story}\n${JSON.stringify(run.log, null, 1)}`).toEqual([]);
      }
      console.log(summary(runs));
      const acted = runs.filter(run => run.log.length > 0);
      // Else nothing was shown.
      expect(acted.length).toBeGreaterThan(RUNS / 10);
      expect(median(acted.map(run => run.reachableMs))).toBeLessThanOrEqual(1_000);
    },
    60_000 + RUNS * 15_000,
  );
});

/** How long an undisturbed migration takes after its guard is armed. */
async function measureSpan(lab: Parameters<typeof runCli>[0]): Promise<number> {
  const { events, code, stdout } = await runCli(lab, ['migrate', '-i', lab.uplinkName, '-b', 'br-ext'], {
    guard: 'default',
  });
  expect(code, stdout).toBe(0);
  const armed = events.find(event => event.type === 'state' && event.state === 'preparing.writingJournal');
  const { code: back } = await runCli(lab, ['restore', '-i', lab.uplinkName]);
  expect(back).toBe(0);
  return (events.at(-1)?.atMs ?? 0) - (armed?.atMs ?? 0);
}

function tell(n: number, { story, result, log, outageMs, reachableMs, settledMs }: KilledRun): string {
  const guard = log.length === 0 ? 'nothing to do' : `took its place (${log.findLast(line => line.why)?.result})`;
  const times = `outage ${outageMs.toFixed(1)} ms, reachable after ${reachableMs.toFixed(0)} ms, settled after ${settledMs.toFixed(0)} ms`;
  return `${n}: ${story}: ${result}; guard: ${guard}; ${times}`;
}

function summary(runs: readonly KilledRun[]): string {
  const acted = runs.filter(run => run.log.length > 0);
  const committed = runs.filter(run => run.result === 'committed').length;
  return [
    `${runs.length} runs: ${committed} committed, ${runs.length - committed} as before; the guard took the place of ${acted.length}`,
    `longest outage of the probe (ms), all runs:      ${spread(runs.map(run => run.outageMs))}`,
    `from kill to reachable (ms), guard took over:    ${spread(acted.map(run => run.reachableMs))}`,
    `from kill to everything put back (ms), likewise: ${spread(acted.map(run => run.settledMs))}`,
  ].join('\n');
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `median ${at(0.5)}, p90 ${at(0.9)}, worst ${at(1)}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
