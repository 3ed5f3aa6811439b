import { beforeAll, describe, expect, it } from 'vitest';
import { describeCase } from '../../../src/verify/explore/any-case.ts';
import type { ExploreReport } from '../../../src/verify/explore/explore.ts';
import { explore } from '../../../src/verify/explore/explore.ts';
import { readShippedHosts } from '../../../src/verify/explore/shipped-hosts.ts';
import { sourcesOf } from './shipped.ts';

/** Enough that the workers get several pieces of work each. */
const BUDGET = 90;
const little = async (seed: number, jobs: number): Promise<ExploreReport> =>
  explore({ seed, budget: BUDGET, jobs, hosts: await sourcesOf('plain') });

describe('an exploration', () => {
  let report: ExploreReport;
  beforeAll(async () => {
    report = await little(7, 1);
  });

  it('is the same for the same seed, whatever the number of jobs', async () => {
    const again = await little(7, 2);
    expect(again.trace).toBe(report.trace);
    const { cases, counts, ends, failed, virtualMs } = report;
    expect(again).toMatchObject({ cases, counts, ends, failed, virtualMs });
    for (const kind of ['states', 'transitions', 'guards'] as const) {
      expect([...again.coverage[kind]].sort()).toEqual([...report.coverage[kind]].sort());
    }
  });

  it('is another for another seed', async () => {
    const other = await little(8, 1);
    expect(other.trace).not.toBe(report.trace);
    expect(other.trace).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes as many cases as it was told to, of every sort', () => {
    expect(report.cases).toBe(BUDGET);
    const { undisturbed, fault, incident, kill, combined } = report.counts;
    expect(undisturbed + fault + incident + kill + combined).toBe(BUDGET);
    for (const count of [undisturbed, fault, incident, kill, combined]) expect(count).toBeGreaterThan(0);
    expect(Object.values(report.ends).reduce((sum, times) => sum + times, 0)).toBe(BUDGET);
  });
});

// Few runs: test/live/exploration.test.ts makes 20,000.
describe('the shipped hosts', () => {
  it('keep every promise in 400 runs', { timeout: 120_000 }, async () => {
    const hosts = await readShippedHosts();
    const report = await explore({ seed: 3, budget: 400, jobs: 2, hosts });
    expect(
      report.findings.map(finding => `${describeCase(finding.case)}: ${JSON.stringify(finding.violations[0])}`),
    ).toEqual([]);
    expect(report.failed).toBe(0);
    // Every run ends, and at the last in one of the ends that a run may have.
    const lasts = Object.keys(report.ends).map(ends => ends.split(' > ').at(-1));
    expect(
      lasts.filter(last => !['committed', 'rolledBack', 'inUse', 'restored', 'refused', 'killed'].includes(last ?? '')),
    ).toEqual([]);
  });
});
