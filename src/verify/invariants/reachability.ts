import type { Judge } from './judge.ts';

/** I5: after any fault the host is as reachable as before: what answered then answers now. */
export function checkReachability({ run, violated }: Judge): void {
  // Stranded in the way of a fault that goes on: the run has said so, and tries on.
  if (run.result === 'stranded' && !run.faultsEnded) return;
  for (const [gateway, answered] of Object.entries(run.base.reachable)) {
    if (!answered || run.after.reachable[gateway] === true) continue;
    violated(
      'I5',
      'unreachable',
      `gateway ${gateway}`,
      'answers',
      run.after.reachable[gateway] === false ? 'silent' : 'not asked',
    );
  }
}
