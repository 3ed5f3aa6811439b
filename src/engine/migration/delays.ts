import type { MigrationRequest } from '../../domain/request.ts';
import { releaseMsOf } from './actors.ts';
import type { Session } from './session.ts';

/** Longest time for reading the host once, in ms: a million routes take under two seconds. */
const ASSESS_LIMIT_MS = 30_000;

/** Longest time for a guard to get ready: a node that starts on a busy machine. Nothing is changed yet meanwhile. */
const ARM_LIMIT_MS = 15_000;

/** Only the backstop: a guard that does not go is killed before. */
const DISARM_LIMIT_MS = 10_000;

/** The delays of the migration chart for one session, in ms. */
export type MigrationDelays = ReturnType<typeof migrationDelays>;

/** Works the delays out from the deadlines of the request and the session's journal. */
export function migrationDelays(session: Session, request: MigrationRequest) {
  const { deadlines, confirmWithinMs } = request;
  return {
    assessDeadline: ASSESS_LIMIT_MS,
    // The gate's own chart ends first and says what was missing.
    gateDeadline: deadlines.gateMs + 1_000,
    armDeadline: Math.max(deadlines.stepMs, ARM_LIMIT_MS),
    disarmDeadline: DISARM_LIMIT_MS,
    stepDeadline: deadlines.stepMs,
    // Only the backstop: the probes' own limit ends first, and says who is silent.
    probeDeadline: 2 * deadlines.probeMs + 3_000,
    // A window that was open before goes on for what is left of it; the journal has its end in wall-clock time.
    confirmDeadline: () => {
      const dueAt = session.journal()?.confirmDueAt ?? null;
      return dueAt === null ? (confirmWithinMs ?? 0) : Math.max(0, dueAt - session.clock.wallTime());
    },
    rollbackDeadline: 2 * deadlines.stepMs + 3 * releaseMsOf(request, session.journal()),
    retryDelay: deadlines.retryMs,
  };
}
