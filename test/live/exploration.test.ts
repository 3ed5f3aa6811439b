import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { describeCase } from '../../src/verify/explore/any-case.ts';
import { explore } from '../../src/verify/explore/explore.ts';
import { neverTaken } from '../../src/verify/explore/never-taken.ts';
import { readShippedHosts } from '../../src/verify/explore/shipped-hosts.ts';

/** What `npm run explore` does without options. It stands beside the live tests because it wants all processors for itself. */
/** Cases: fewer do not take every transition. */
const BUDGET = 20_000;
const LIMIT_MS = 900_000;

describe('exploration', () => {
  it('finds no fault, crash or incident that breaks an invariant, and takes all of the charts that can be taken', {
    timeout: LIMIT_MS,
  }, async () => {
    const startedAt = performance.now();
    const report = await explore({
      seed: 1,
      budget: BUDGET,
      jobs: availableParallelism(),
      hosts: await readShippedHosts(),
    });
    const perMinute = Math.round((report.runs / (performance.now() - startedAt)) * 60_000);
    console.log(
      `explored ${report.cases} cases, ${report.runs} runs, ${perMinute} runs a minute, trace ${report.trace}`,
    );
    expect(report.findings.map(({ case: smallest, violations }) => [describeCase(smallest), violations[0]])).toEqual(
      [],
    );
    expect(report.failed).toBe(0);
    expect(report.cases).toBe(BUDGET);
    for (const { chart, missing, unneeded } of neverTaken(report.coverage)) {
      expect({ chart, missing, unneeded }).toEqual({ chart, missing: [], unneeded: [] });
    }
  });
});
