import { describeCase } from '../explore/any-case.ts';
import { explore } from '../explore/explore.ts';
import { readShippedHosts } from '../explore/shipped-hosts.ts';

/** How hard exploration tries to catch one mutant. */
export interface ExploreMutantOptions {
  readonly seed: number;
  /** Cases. */
  readonly budget: number;
  readonly jobs: number;
}

/** What exploration says of one mutant. */
export interface ExploreMutantResult {
  readonly cases: number;
  /** Cases that broke an invariant. */
  readonly failed: number;
  /** Of those that were made small: the invariant, and the case. */
  readonly findings: readonly string[];
}

/** Explores in this process, whose chart or inverse is at fault: called through `runMutated`. */
export async function exploreMutant({ seed, budget, jobs }: ExploreMutantOptions): Promise<ExploreMutantResult> {
  const { cases, failed, findings } = await explore({ seed, budget, jobs, hosts: await readShippedHosts() });
  return {
    cases,
    failed,
    findings: findings.map(({ violations: [first], case: smallest }) => {
      const broken = first === undefined ? '' : `${first.invariant} ${first.what} (${first.object})`;
      return `${broken}: ${describeCase(smallest)}`;
    }),
  };
}
