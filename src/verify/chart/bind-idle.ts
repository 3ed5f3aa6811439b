import type { MoveRequest } from '../../domain/move/request.ts';
import { DEFAULT_MOVE_DEADLINES } from '../../domain/move/request.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import { DEFAULT_DEADLINES } from '../../domain/request.ts';
import { bindMigration } from '../../engine/migration/bind.ts';
import { migrationDelays } from '../../engine/migration/delays.ts';
import { createSession } from '../../engine/migration/session.ts';
import { bindMove } from '../../engine/move/bind.ts';
import { createMoveSession } from '../../engine/move/session.ts';
import { createSurroundings } from '../../engine/surroundings.ts';
import type { Host } from '../../host/host.ts';

/** A host that nobody may ask anything: the charts are bound to it for their names, and never started. */
export const idleHost = new Proxy<Host>({} as Host, {
  get(_, property) {
    throw new Error(`a chart that is only bound asked the host for ${String(property)}`);
  },
});

const REQUEST: MigrationRequest = {
  uplink: 'eth0',
  bridge: 'br0',
  layout: 'host-port',
  datapath: null,
  probes: [],
  confirmWithinMs: null,
  useExistingBridge: false,
  accept: [],
  deadlines: DEFAULT_DEADLINES,
};

/** The migration chart as the engine binds it. */
export function bindIdleMigration() {
  // The state folder is touched when a run first works, and none does.
  const session = createSession(idleHost, createSurroundings('/'), 'verify');
  const reports = {
    onEffect: () => undefined,
    onFinding: () => undefined,
    onLockLost: () => undefined,
    onGuardLost: () => undefined,
    onConfirmWindow: () => undefined,
    onLocked: () => Promise.resolve(),
  };
  return bindMigration(session, REQUEST, null, reports, migrationDelays(session, REQUEST));
}

const MOVE: MoveRequest = {
  link: 'eth1',
  netns: '/run/netns/x',
  name: 'net1',
  identity: null,
  up: false,
  keepAddresses: false,
  way: null,
  accept: [],
  attachment: null,
  deadlines: DEFAULT_MOVE_DEADLINES,
};

/** The chart link-move as the engine binds it. */
export function bindIdleMove() {
  const session = createMoveSession(idleHost, createSurroundings('/'), 'verify');
  return bindMove(session, MOVE, { onEffect: () => undefined });
}
