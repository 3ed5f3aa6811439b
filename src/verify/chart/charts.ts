import { altnameGuard } from '../../../machines/altname-guard.ts';
import { linkMove } from '../../../machines/link-move.ts';
import { linkOwnership } from '../../../machines/link-ownership.ts';
import { ovsReadiness } from '../../../machines/ovs-readiness.ts';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import { bindAltnameGuard } from '../../engine/altname.ts';
import { createExclusive } from '../../engine/exclusive.ts';
import { bindLinkOwnership } from '../../engine/ownership.ts';
import { bindReadiness } from '../../engine/readiness.ts';
import { bindIdleMigration, bindIdleMove, idleHost } from './bind-idle.ts';
import { ALTNAME_GUARD } from './declared/altname-guard.ts';
import { LINK_MOVE } from './declared/link-move.ts';
import { LINK_OWNERSHIP } from './declared/link-ownership.ts';
import { OVS_READINESS } from './declared/ovs-readiness.ts';
import { UPLINK_MIGRATION } from './declared/uplink-migration.ts';
import type { VerifiedChart } from './rule.ts';

/** Every chart there is. A new one is entered here, and is then proven, described in `machines/` and mutated. */
export const CHARTS: readonly VerifiedChart[] = [
  {
    name: 'uplink-migration',
    machine: uplinkMigration,
    bind: bindIdleMigration,
    declared: UPLINK_MIGRATION,
  },
  {
    name: 'ovs-readiness',
    machine: ovsReadiness,
    bind: () => bindReadiness(idleHost, () => ({ bridge: null, hostPort: null, uplink: null })),
    declared: OVS_READINESS,
  },
  {
    name: 'altname-guard',
    machine: altnameGuard,
    bind: () => bindAltnameGuard(idleHost, () => undefined),
    declared: ALTNAME_GUARD,
  },
  {
    name: 'link-ownership',
    machine: linkOwnership,
    bind: () =>
      bindLinkOwnership(
        idleHost,
        createExclusive(),
        async () => [],
        () => undefined,
      ),
    declared: LINK_OWNERSHIP,
  },
  {
    name: 'link-move',
    machine: linkMove,
    bind: bindIdleMove,
    declared: LINK_MOVE,
  },
];
