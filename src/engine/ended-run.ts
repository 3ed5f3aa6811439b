import { toFailure } from '../errors.ts';
import type { Run, RunOutcome } from './run.ts';

/**
 * A run that is made by something that may fail first, such as reading its journal. A failure becomes the outcome `refused`: nothing
 * was changed.
 */
export function endedRun(uplink: string, make: () => Promise<Run>): Run {
  const made = make();
  const refused = (error: unknown): RunOutcome => {
    const failure = toFailure(error);
    return {
      result: 'refused',
      uplink,
      id: null,
      alreadyDone: false,
      findings: [],
      failure,
      failedIn: null,
      uplinkGone: false,
      pendingRows: false,
      unguarded: null,
      advice: failure.advice === undefined ? [] : [failure.advice],
      durationMs: 0,
    };
  };
  return {
    outcome: made.then(run => run.outcome, refused),
    confirm: () => void made.then(run => run.confirm()).catch(() => undefined),
    abort: reason => void made.then(run => run.abort(reason)).catch(() => undefined),
    async *[Symbol.asyncIterator]() {
      const run = await made.catch(() => undefined);
      if (run !== undefined) yield* run;
    },
  };
}
