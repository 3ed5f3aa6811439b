import type { Effect } from '../../domain/effect.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import { releaseOwners } from '../../domain/steps/owners.ts';
import { bindAltnameGuard } from '../altname.ts';
import { bindLinkOwnership } from '../ownership.ts';
import { provide } from '../provide.ts';
import { bindReadiness } from '../readiness.ts';
import { annotatedMigration } from './actions.ts';
import type { ActorReports } from './actors.ts';
import { migrationActors } from './actors.ts';
import type { MigrationDelays } from './delays.ts';
import { migrationDelays } from './delays.ts';
import { look } from './look.ts';
import type { Session } from './session.ts';
import { subjectOf } from './session.ts';

/** What is to be asked of those who have taken the uplink again. */
async function releasesNow(session: Session): Promise<readonly Effect[]> {
  const context = await look(session.host, subjectOf(session), session.clock.wallTime(), { owners: true });
  return releaseOwners(context);
}

/** The migration chart bound to one session. `restoreAccepts`: of a restore, the findings that it accepts; else null. */
export function bindMigration(
  session: Session,
  request: MigrationRequest,
  restoreAccepts: readonly string[] | null,
  reports: ActorReports,
  delays: MigrationDelays = migrationDelays(session, request),
) {
  return provide(annotatedMigration, {
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
      linkOwnership: bindLinkOwnership(session.host, session.exclusive, () => releasesNow(session), reports.onEffect),
    },
    delays,
  });
}
