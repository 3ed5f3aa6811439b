import { describe, expect, it } from 'vitest';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import type { MigrationDelays } from '../../../src/engine/migration/delays.ts';
import { stayLimitMs } from '../../../src/engine/migration/stay-limit.ts';

const DELAYS: MigrationDelays = {
  assessDeadline: 1,
  gateDeadline: 2,
  armDeadline: 3,
  disarmDeadline: 4,
  stepDeadline: 5,
  probeDeadline: 6,
  confirmDeadline: () => 7,
  rollbackDeadline: 8,
  retryDelay: 9,
};

/** A state of the chart as a snapshot shows it. */
function standingIn(path: string): Parameters<typeof stayLimitMs>[0] {
  const nodes = [uplinkMigration.root];
  for (const key of path.split('.')) {
    nodes.push((nodes.at(-1)!.states as Record<string, typeof uplinkMigration.root>)[key]!);
  }
  return { _nodes: nodes };
}

describe('how long the chart may stay in a state', () => {
  it.each([
    ['preparing.armingGuard', 3],
    ['preparing.standing.makingHostPort', 5],
    // The deadline is that of the state around it.
    ['preparing.standing.awaitingHostPort.nudging', 5],
    ['verifying.probing', 6],
    ['confirming', 7],
    ['disarmingGuard', 4],
    ['rollingBack.restoringRoutes', 8],
    ['stranded.waiting', 9],
  ])('%s: its deadline', (path, limitMs) => {
    expect(stayLimitMs(standingIn(path), DELAYS)).toBe(limitMs);
  });

  it.each(['committed', 'stranded.givenUp', 'rolledBack'])('%s: rests there', path => {
    expect(stayLimitMs(standingIn(path), DELAYS)).toBe(null);
  });
});
