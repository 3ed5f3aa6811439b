import type { RunOutcome } from '../../engine/run.ts';
import { describeFailure } from '../../errors.ts';
import { matchValue } from '../match.ts';
import type { Mismatch } from '../result.ts';
import type { Match, RunExpectation, ScenarioRun } from '../scenario.ts';
import { isWithin } from './entered-states.ts';

/** How one run of a scenario ended. */
export interface EndedRun {
  readonly run: ScenarioRun;
  /** From 1. */
  readonly nth: number;
  /** `none`: there was nothing to recover; `stuck`: it never ends. */
  readonly outcome: RunOutcome | 'killed' | 'none' | 'stuck';
  /** The last state that it entered; empty where it entered none. */
  readonly state: string;
  /** Nothing was in its way, from before its start to its end. */
  readonly isUndisturbed: boolean;
  /** Index of its end in the time line. */
  readonly at: number;
}

/** What of a run is not as expected; that it never ends, and a defect of ours, never is. */
export function checkRun(ended: EndedRun): readonly Mismatch[] {
  const { run, nth, outcome, state, at } = ended;
  const mismatches: Mismatch[] = [];
  const place = run.expect?.place ?? run.place;
  const report = (what: string, expected: string, got: string): void => {
    mismatches.push({ place, what: `${what} of run ${nth}`, expected, got, at });
  };
  if (outcome === 'stuck') report('the end', 'it ends', `it stays in ${state === '' ? 'no state' : state}`);
  const failure = typeof outcome === 'string' ? null : outcome.failure;
  if (failure?.code === 'DEFECT') report('a defect', 'none', describeFailure(failure));
  if (run.expect !== null && outcome !== 'stuck') checkExpectation(run.expect, ended, report);
  return mismatches;
}

function checkExpectation(
  { result, failure, failedIn, findings, alreadyDone }: RunExpectation,
  { outcome, state }: EndedRun,
  report: (what: string, expected: string, got: string) => void,
): void {
  const ended = typeof outcome === 'string' ? undefined : outcome;
  const got = ended?.result ?? String(outcome);
  if (result !== null && got !== result) {
    const why = ended?.failure == null ? '' : `: ${describeFailure(ended.failure)}`;
    report('the result', result, got + why);
  }
  if (failure !== null) {
    for (const one of matchValue(failure as Match, ended?.failure, 'the failure')) {
      report(one.path, one.expected, one.got);
    }
  }
  const failed = outcome === 'killed' ? state : (ended?.failedIn ?? null);
  if (failedIn !== null && (failed === null || !isWithin(failed, failedIn))) {
    report('the state in which it failed', failedIn, failed ?? 'it did not fail');
  }
  const told = ended?.findings.map(({ code }) => code) ?? [];
  for (const code of findings) {
    if (!told.includes(code)) report('the findings', code, told.length === 0 ? 'none' : told.join(', '));
  }
  if (alreadyDone !== null && ended?.alreadyDone !== alreadyDone) {
    report('alreadyDone', String(alreadyDone), String(ended?.alreadyDone ?? 'no end'));
  }
}
