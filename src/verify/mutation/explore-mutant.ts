import { explore } from '../explore/explore.ts';
import { describeCase } from '../explore/explore-case.ts';
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
  /** Of one that was made small: its size, and the invariant that it broke; empty where none was. */
  readonly how: string;
}

/** Explores in this process, whose chart or inverse is at fault: called through `runMutated`. */
export async function exploreMutant({ seed, budget, jobs }: ExploreMutantOptions): Promise<ExploreMutantResult> {
  const { cases, failed, findings } = await explore({ seed, budget, jobs, hosts: await readShippedHosts() });
  const { violations = [], case: smallest } = findings[0] ?? {};
  const how = violations.map(({ invariant, what }) => `${invariant} ${what}`)[0] ?? '';
  return { cases, failed, how: smallest === undefined ? '' : `${how}: ${describeCase(smallest)}` };
}
