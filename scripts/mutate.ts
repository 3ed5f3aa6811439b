// Breaks the charts and the way back in every small way, and asks who notices: npm run mutate.
//   --verify-only    the chart proofs alone, a few seconds
//   --budget N       cases of exploration for each mutant that the proofs cannot catch (default 4000)
//   --explore TEXT   explore also the mutants whose description contains the text, caught by the proofs or not
import { parseArgs } from 'node:util';
import { CHARTS } from '../src/verify/chart/charts.ts';
import { startExploration } from '../src/verify/mutation/ask-exploration.ts';
import { inverseMutations } from '../src/verify/mutation/enumerate.ts';
import { EXPLAINED, INVERSES_ELSEWHERE } from '../src/verify/mutation/explained.ts';
import type { Mutation } from '../src/verify/mutation/mutation.ts';
import { verifyMutants } from '../src/verify/mutation/score.ts';

const { values } = parseArgs({
  options: {
    'verify-only': { type: 'boolean', default: false },
    budget: { type: 'string', default: '4000' },
    explore: { type: 'string' },
  },
});

/** Longest time for exploring one mutant. */
const EXPLORE_LIMIT_MS = 600_000;

const results = verifyMutants(CHARTS, 'all');
const counts = new Map<string, number>();
for (const code of results.flatMap(({ caughtBy }) => caughtBy)) counts.set(code, (counts.get(code) ?? 0) + 1);
for (const [code, count] of [...counts].sort(([, a], [, b]) => b - a))
  console.log(`${String(count).padStart(6)} ${code}`);
const caught = results.filter(({ caughtBy }) => caughtBy.length > 0).length;
console.log(`the proofs catch ${caught} of ${results.length} mutants of ${CHARTS.length} charts\n`);

const survivors: Mutation[] = [];
for (const { mutation, caughtBy } of results) {
  if (caughtBy.length > 0) continue;
  const explained = EXPLAINED.find(({ chart, what }) => chart === mutation.chart && what === mutation.what);
  if (explained?.kind !== 'equivalent') survivors.push(mutation);
  else console.log(`changes nothing: ${mutation.chart} ${mutation.what}\n  ${explained.reason}`);
}

let left = 0;
if (values['verify-only']) {
  left = survivors.length;
  for (const { what } of survivors) console.log(`SURVIVES the proofs: ${what}`);
} else {
  const wanted = values.explore;
  const others = results.map(({ mutation }) => mutation).filter(m => wanted !== undefined && m.what.includes(wanted));
  const explored = new Set<Mutation>([...CHARTS.flatMap(inverseMutations), ...survivors]);
  const exploration = await startExploration({ seed: 1, budget: Number(values.budget), jobs: 2 }, () =>
    AbortSignal.timeout(EXPLORE_LIMIT_MS),
  );
  if (exploration.known > 0) console.log(`${exploration.known} cases fail without any fault: they catch nobody`);
  for (const mutation of new Set([...explored, ...others])) {
    const how = await exploration.catches(mutation);
    const elsewhere = mutation.kind === 'drop-inverse' ? INVERSES_ELSEWHERE[mutation.step] : undefined;
    if (how !== null) console.log(`explored: ${mutation.what}\n  ${how}`);
    else if (elsewhere !== undefined) console.log(`not at the end: ${mutation.what}\n  ${elsewhere}`);
    else {
      console.log(`SURVIVES exploration: ${mutation.what}`);
      if (explored.has(mutation)) left += 1;
    }
  }
}
console.log(left === 0 ? '\nevery mutant is caught, or changes nothing' : `\n${left} mutants survive`);
process.exitCode = left === 0 ? 0 : 1;
