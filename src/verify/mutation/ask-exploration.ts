import type { ExploreMutantOptions, ExploreMutantResult } from './explore-mutant.ts';
import type { Mutation } from './mutation.ts';
import { runMutated } from './run-mutated.ts';

const EXPLORER = new URL('explore-mutant.ts', import.meta.url).href;

/** Asks exploration about mutants, one process each. */
export interface Exploration {
  /** Cases that fail without any fault; none in a good tree. */
  readonly known: number;
  /** Why a mutant is caught; null for a survivor. */
  catches(mutation: Mutation): Promise<string | null>;
}

/**
 * Explores without a fault first: what fails then catches nobody. Rejects when that does not come to its end. `newLimit` makes the signal that
 * stops one exploration: a mutant that never ends is caught, too.
 */
export async function startExploration(
  options: ExploreMutantOptions,
  newLimit: () => AbortSignal,
): Promise<Exploration> {
  const ask = (mutation: Mutation | null) =>
    runMutated({ mutation, module: EXPLORER, call: 'exploreMutant', argument: options }, newLimit());
  const sound = await ask(null);
  if (sound.kind !== 'returned') throw new Error(`exploration without a fault ${sound.kind}: ${sound.text}`);
  const { failed: known, findings: knownFindings } = sound.value as ExploreMutantResult;
  return {
    known,
    async catches(mutation) {
      const outcome = await ask(mutation);
      if (outcome.kind !== 'returned') return `${outcome.kind}: ${outcome.text.split('\n')[0]}`;
      const { failed, cases, findings } = outcome.value as ExploreMutantResult;
      if (failed <= known) return null;
      const finding = findings.find(text => !knownFindings.includes(text)) ?? findings[0];
      return `${failed - known} of ${cases} cases fail; ${finding ?? 'none was made small'}`;
    },
  };
}
