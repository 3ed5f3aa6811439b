import { closeSync, constants, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { GuardOrder, GuardSighting } from './guards.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/** What a guard writes down about itself, for `status`. */
interface Duty extends Pick<GuardOrder, 'id' | 'generation'> {
  readonly guard: ProcessIdentity;
  /** Wall-clock ms at which it takes its run for hung. */
  readonly dueAt: number;
}

function pathOf(stateDir: string, uplink: string): string {
  return `${stateDir}/${uplink}.guard`;
}

/** Where a new one is written, to take the old one's place whole: `status` may read at any moment. */
function draftOf(stateDir: string, uplink: string): string {
  return `${stateDir}/${uplink}.guard~`;
}

/** Tells `status` in other processes that this one guards a run. Nothing depends on it: errors are swallowed. */
export function writeDuty(
  stateDir: string,
  order: Pick<GuardOrder, 'uplink' | 'id' | 'generation'>,
  dueAt: number,
): void {
  const guard = identify(process.pid);
  if (guard === undefined) return;
  const duty: Duty = { id: order.id, generation: order.generation, guard, dueAt };
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    const draft = draftOf(stateDir, order.uplink);
    const fd = openSync(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      writeSync(fd, `${JSON.stringify(duty)}\n`);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, pathOf(stateDir, order.uplink));
  } catch {
    // A full disk.
  }
}

/** Removes it, also that of a guard that was killed. */
export function removeDuty(stateDir: string, uplink: string): void {
  try {
    rmSync(draftOf(stateDir, uplink), { force: true });
    rmSync(pathOf(stateDir, uplink), { force: true });
  } catch {
    // A read-only disk: whoever reads it sees that the process is gone.
  }
}

/** The guard of a run on this uplink, as long as its process lives. */
export function findGuard(stateDir: string, uplink: string, clock: Clock): GuardSighting | null {
  try {
    const { guard, id, dueAt } = JSON.parse(readFileSync(pathOf(stateDir, uplink), 'utf8')) as Duty;
    if (!isAlive(guard)) return null;
    return { pid: guard.pid, id, dueMs: Math.max(0, dueAt - clock.wallTime()) };
  } catch {
    return null;
  }
}
