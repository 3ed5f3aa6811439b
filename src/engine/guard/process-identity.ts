import { readFileSync } from 'node:fs';

/** A process for ever: a pid alone may be given to another one. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the boot to its start, as in `/proc/PID/stat` (proc(5), field 22). */
  readonly startTime: string;
}

/** The identity of a process that lives now; undefined where there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, also spaces and parentheses.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTime = fields[18];
    return startTime === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startTime };
  } catch {
    return undefined;
  }
}

/** True while this very process lives. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identify(pid)?.startTime === startTime;
}
