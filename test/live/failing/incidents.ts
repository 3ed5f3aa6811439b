import type { Lab } from '../../lab/lab.ts';
import type { Act, Incident } from './act.ts';
import { FORWARD_STATES } from './chart-states.ts';

/**
 * Makes acts happen in a state. A state that only waits for ovs-vswitchd may be over before it shows, so ovs-vswitchd is stopped in the
 * state before it, and goes on after the acts unless `keepStopped`.
 */
export function happeningIn(
  lab: Lab,
  state: string,
  acts: readonly Act[],
  options: { readonly keepStopped?: boolean } = {},
): Incident[] {
  const vswitchd = (signal: NodeJS.Signals): Act => ({ kind: 'signal', pid: lab.vswitchdPid() ?? 0, signal });
  const previous = FORWARD_STATES[FORWARD_STATES.indexOf(state) - 1];
  if (!state.includes('.awaiting') || previous === undefined) return [{ state, acts }];
  return [
    { state: previous, acts: [vswitchd('SIGSTOP')] },
    { state, acts: options.keepStopped ? acts : [...acts, vswitchd('SIGCONT')] },
  ];
}

/** A shell command as an act. */
export function shell(script: string): Act {
  return { kind: 'run', argv: ['sh', '-ec', script] };
}
