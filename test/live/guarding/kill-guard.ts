import type { Lab } from '../../lab/lab.ts';
import type { Act } from '../failing/act.ts';
import { shell } from '../failing/incidents.ts';

/** A signal to the guard that is armed just then, found as `status` finds it; SIGKILL waits until it is dead. */
export function signalGuard(lab: Lab, signal: 'KILL' | 'STOP'): Act {
  const file = `${lab.stateDir}/${lab.uplinkName}.guard`;
  const find = `pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' ${file})`;
  // Busy on purpose: the event loop of the run, which waits for this, must not turn meanwhile.
  const wait = 'while grep -qs "^State:[[:space:]]*[RSDTtI]" "/proc/$pid/status"; do :; done';
  return shell(`${find}; kill -${signal} "$pid"${signal === 'KILL' ? `; ${wait}` : ''}`);
}
