import fc from 'fast-check';
import { openBench } from '../../live/conforming/kernel/bench.ts';
import { runSequence } from '../../live/conforming/kernel/run-sequence.ts';
import { sequence } from '../../live/conforming/kernel/sequence.ts';

/** Compares the simulated kernel with this one; the first difference, as the shortest sequence that shows it, or `no difference`. */
export async function conformKernel({ seed, runs }: { readonly seed: number; readonly runs: number }): Promise<string> {
  const bench = await openBench();
  try {
    const property = fc.asyncProperty(sequence, async operations => {
      const { differences } = await runSequence(bench, operations);
      if (differences.length === 0) return;
      // The kernel works some things off later, on a busy machine much later: what counts comes every time.
      const again = await runSequence(bench, operations);
      if (again.differences.length > 0) throw new Error([...again.story, '', ...again.differences].join('\n'));
    });
    const details = await fc.check(property, { seed, numRuns: runs });
    return details.failed ? `seed ${seed}, sequence ${details.numRuns}\n${details.errorInstance}` : 'no difference';
  } finally {
    await bench.close();
  }
}
