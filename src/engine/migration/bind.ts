import type { MigrationRequest } from '../../domain/request.ts';
import { bindAltnameGuard } from '../altname.ts';
import { bindReadiness } from '../readiness.ts';
import { annotatedMigration } from './actions.ts';
import type { ActorReports } from './actors.ts';
import { migrationActors, releaseMsOf } from './actors.ts';
import type { Session } from './session.ts';

/** Longest time for reading the host once, in ms: a million routes take under two seconds. */
const ASSESS_LIMIT_MS = 30_000;

/** The migration chart bound to one session. `restoreAccepts`: of a restore, the findings that it accepts; else null. */
export function bindMigration(
  session: Session,
  request: MigrationRequest,
  restoreAccepts: readonly string[] | null,
  reports: ActorReports,
) {
  const { deadlines } = request;
  return annotatedMigration.provide({
    actors: {
      ...migrationActors(session, request, restoreAccepts, reports),
      ovsReadiness: bindReadiness(session.host, () => ({ bridge: request.bridge, hostPort: null, uplink: null })),
      altnameGuard: bindAltnameGuard(session.host, (effect, failure) =>
        reports.onEffect(
          effect,
          effect.op === 'altname.remove' ? `remove altname ${effect.altname}` : effect.op,
          failure,
        ),
      ),
    },
    delays: {
      assessDeadline: ASSESS_LIMIT_MS,
      // The gate's own chart ends first and says what was missing.
      gateDeadline: deadlines.gateMs + 1_000,
      stepDeadline: deadlines.stepMs,
      // Only the backstop: the probes' own limit ends first, and says who is silent.
      probeDeadline: 2 * deadlines.probeMs + 3_000,
      // A window that was open before goes on for what is left of it; the journal has its end in wall-clock time.
      confirmDeadline: () => {
        const dueAt = session.journal()?.confirmDueAt ?? null;
        return dueAt === null ? (request.confirmWithinMs ?? 0) : Math.max(0, dueAt - session.clock.wallTime());
      },
      rollbackDeadline: 2 * deadlines.stepMs + 3 * releaseMsOf(request, session.journal()),
      retryDelay: deadlines.retryMs,
    },
  });
}
