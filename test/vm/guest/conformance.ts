import fc from 'fast-check';
import { openBench } from '../../live/conforming/kernel/bench.ts';
import { runSequence, type Strictness } from '../../live/conforming/kernel/run-sequence.ts';
import { sequence } from '../../live/conforming/kernel/sequence.ts';

/** What to compare. */
export interface Conformance {
  readonly seed: number;
  readonly runs: number;
  /** Looks for the shortest sequence that shows a difference: minutes under emulation. */
  readonly shrink?: boolean;
}

const OLDER: Strictness = { events: 'awaited', refusals: 'older' };

/** Compares the simulated kernel with this one; a sequence that shows a difference, or `no difference`. */
export async function conformKernel({ seed, runs, shrink = false }: Conformance): Promise<string> {
  const bench = await openBench();
  try {
    const property = fc.asyncProperty(sequence, async operations => {
      const { differences } = await runSequence(bench, operations, OLDER);
      if (differences.length === 0) return;
      // This kernel notes carriers when it finds the time: what counts comes again when it is given that.
      const again = await runSequence(bench, operations, { ...OLDER, carriers: 'waited-for' });
      if (again.differences.length > 0) throw new Error([...again.story, '', ...again.differences].join('\n'));
    });
    const details = await fc.check(property, { seed, numRuns: runs, endOnFailure: !shrink });
    return details.failed ? `seed ${seed}, sequence ${details.numRuns}\n${details.errorInstance}` : 'no difference';
  } finally {
    await bench.close();
  }
}
