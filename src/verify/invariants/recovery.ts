import type { Judge } from './judge.ts';

/** I2: killed at any instant, the next start reaches committed or rolled back; and so does every run once nothing is in its way. */
export function checkRecovery({ run, violated }: Judge): void {
  const object = `run of ${run.uplink}`;
  if (run.result === 'stranded' && (run.wasKilled || run.faultsEnded)) {
    const why = run.wasKilled ? 'after a kill' : 'though nothing is in the way any more';
    violated('I2', `stranded ${why}`, object, 'committed or rolled back', 'stranded');
  }
  if (run.pendingRows && run.ovsAnswers && run.faultsEnded) {
    violated('I2', 'rows left to a later start', object, 'an end', 'rows pending, though Open vSwitch answers');
  }
  const stage = run.journals.at(-1)?.stage;
  if (run.result === 'committed' && stage !== undefined && stage !== 'committed') {
    violated('I2', 'journal behind', `journal of ${run.uplink}`, 'committed', stage);
  }
}

/**
 * I6: a retry never depends on state that the first try consumed. What it depends on is the journal: that is there before the first
 * change, says the same in every version, and stays until there is nothing left to undo.
 */
export function checkRetry({ run, violated }: Judge): void {
  const object = `journal of ${run.uplink}`;
  const [first, ...later] = run.journals;
  const changes = run.effects.filter(tried => tried.done).length;
  if (first === undefined && changes > 0 && run.plan !== null) {
    violated(
      'I6',
      'changes without a journal',
      object,
      'written before the first change',
      `${changes} changes, none written`,
    );
  }
  for (const field of ['plan', 'snapshot', 'takenAt', 'baseline'] as const) {
    // Of what one process wrote each version has the same object.
    const seen = new Set<unknown>([first?.[field]]);
    for (const version of later) {
      if (first === undefined || version.id !== first.id || seen.has(version[field])) continue;
      seen.add(version[field]);
      if (JSON.stringify(version[field]) === JSON.stringify(first[field])) continue;
      violated('I6', `${field} rewritten`, object, first[field], version[field]);
    }
  }
  const isNeeded = run.result === 'stranded' || run.result === 'committed' || run.pendingRows;
  if (isNeeded && run.plan !== null && !run.after.journal) {
    violated('I6', 'journal gone', object, `kept (${run.pendingRows ? 'rows pending' : run.result})`, 'none');
  }
}
