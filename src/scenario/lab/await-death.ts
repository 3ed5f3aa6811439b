import { readFileSync } from 'node:fs';

/** Returns when a process that was killed is dead. Busy on purpose: the event loop must not turn meanwhile. */
export function awaitDeath(pid: number): void {
  for (;;) {
    try {
      const state = /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      if (state === 'Z' || state === 'X') return;
    } catch {
      return;
    }
  }
}
