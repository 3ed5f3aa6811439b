import { checkAgreement } from './agreement.ts';
import type { EndedRun, Violation } from './ended-run.ts';
import { checkEquality } from './equality.ts';
import { createJudge } from './judge.ts';
import { checkOwnership } from './ownership.ts';
import { checkPresence } from './presence.ts';
import { checkReachability } from './reachability.ts';
import { checkRecovery, checkRetry } from './recovery.ts';
import { checkTakenOver } from './taken-over.ts';

/**
 * Judges one ended run by the invariants I1 to I7 of design.md; an empty list means that all hold. Compares by itself and asks nothing of the
 * engine's own comparisons, which are among what is judged. Pure; order is that of the invariants' checks, the same for the same run.
 */
export function checkInvariants(run: EndedRun): Violation[] {
  const violations: Violation[] = [];
  const judge = createJudge(asItStands(run), violations);
  checkPresence(judge);
  checkTakenOver(judge);
  checkRecovery(judge);
  checkAgreement(judge);
  checkOwnership(judge);
  checkReachability(judge);
  checkRetry(judge);
  checkEquality(judge);
  return violations;
}

/** A way back that was refused has changed nothing: what was committed is so still, and is judged as that. */
function asItStands(run: EndedRun): EndedRun {
  const isCommitted = run.journals.at(-1)?.stage === 'committed' && run.after.journal && !run.base.journal;
  return run.result === 'refused' && isCommitted ? { ...run, result: 'committed' } : run;
}
