import type { ExploreMutantOptions, ExploreMutantResult } from './explore-mutant.ts';
import type { Mutation } from './mutation.ts';
import { runMutated } from './run-mutated.ts';

/** Longest time for one mutant, in ms: one that never ends is caught, too. */
const LIMIT_MS = 300_000;

const EXPLORER = new URL('explore-mutant.ts', import.meta.url).href;

/** Asks exploration about mutants, one process each. */
export interface Exploration {
  /** Cases that fail without any fault; none in a good tree. */
  readonly known: number;
  /** Why a mutant is caught; null for a survivor. */
  catches(mutation: Mutation): Promise<string | null>;
}

/** Explores without a fault first: what fails then catches nobody. Rejects when that does not come to its end. */
export async function startExploration(options: ExploreMutantOptions): Promise<Exploration> {
  const ask = (mutation: Mutation | null) =>
    runMutated({ mutation, module: EXPLORER, call: 'exploreMutant', argument: options }, AbortSignal.timeout(LIMIT_MS));
  const sound = await ask(null);
  if (sound.kind !== 'returned') throw new Error(`exploration without a fault ${sound.kind}: ${sound.text}`);
  const known = (sound.value as ExploreMutantResult).failed;
  return {
    known,
    async catches(mutation) {
      const outcome = await ask(mutation);
      if (outcome.kind !== 'returned') return `${outcome.kind}: ${outcome.text.split('\n')[0]}`;
      const { failed, cases, how } = outcome.value as ExploreMutantResult;
      return failed > known ? `${failed - known} of ${cases} cases fail; ${how}` : null;
    },
  };
}
