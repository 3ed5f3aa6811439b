import type { Lab } from '../../../test/lab/lab.ts';
import { stateNamesOf } from '../machine/vocabulary.ts';
import type { Act, TimedActs } from './act.ts';

/** The happening of {@link TimedActs.id} that only prepares another one. */
const PREPARES = -1;

/**
 * A state that only waits for ovs-vswitchd may be over before it shows. So ovs-vswitchd is stopped in the state before it, and goes on with the
 * acts: unless these are about ovs-vswitchd itself.
 */
export function heldBack(lab: Lab, timed: TimedActs): readonly TimedActs[] {
  const pid = lab.vswitchdPid();
  const previous = previousOf(timed.state);
  if (!timed.state.includes('.awaiting') || previous === undefined || pid === null) return [timed];
  const stop: Act = { kind: 'signal', pid, signal: 'SIGSTOP' };
  const goOn: Act = { kind: 'signal', pid, signal: 'SIGCONT' };
  const isOfVswitchd = timed.acts.some(act => act.kind === 'signal' && act.pid === pid);
  // Before the acts: a process that kills itself does nothing afterwards.
  const acts = isOfVswitchd ? timed.acts : [goOn, ...timed.acts];
  return [
    { id: PREPARES, state: previous, nth: timed.nth, afterMs: 0, acts: [stop] },
    { ...timed, acts },
  ];
}

/** The leaf before a state in the chart's own order. */
function previousOf(state: string): string | undefined {
  const names = stateNamesOf('uplink-migration');
  const leaves = names.filter(name => !names.some(other => other.startsWith(`${name}.`)));
  return leaves[leaves.indexOf(state) - 1];
}
