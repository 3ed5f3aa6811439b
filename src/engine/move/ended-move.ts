import { toFailure } from '../../errors.ts';
import type { MoveOutcome, MoveRun } from './run.ts';

/** A move that is made by something that may fail first, such as reading its journal. A failure becomes the outcome `refused`. */
export function endedMove(link: string, make: () => Promise<MoveRun>): MoveRun {
  const made = make();
  const refused = (error: unknown): MoveOutcome => {
    const failure = toFailure(error);
    return {
      result: 'refused',
      link,
      netns: '',
      name: '',
      id: null,
      alreadyDone: false,
      findings: [],
      failure,
      failedIn: null,
      linkGone: false,
      isOver: false,
      advice: failure.advice === undefined ? [] : [failure.advice],
      durationMs: 0,
    };
  };
  return {
    outcome: made.then(run => run.outcome, refused),
    abort: reason => void made.then(run => run.abort(reason)).catch(() => undefined),
    async *[Symbol.asyncIterator]() {
      const run = await made.catch(() => undefined);
      if (run !== undefined) yield* run;
    },
  };
}
