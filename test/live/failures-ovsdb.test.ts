import { afterAll, expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import type { Act } from './failing/act.ts';
import { createBenchPool } from './failing/bench-pool.ts';
import { BACKWARD_STATES, isBeforeChange, TRIED_STATES } from './failing/chart-states.ts';
import { awaitApplied, createBench, type FaultBench, recoverFully } from './failing/fault-bench.ts';
import { happeningIn } from './failing/incidents.ts';
import { type Ended, storyOf } from './failing/run-acting.ts';

/** Most of these cases wait for a deadline to pass. */
const SHORT = ['--step-timeout', '2s', '--gate-timeout', '2s'] as const;
const LIMIT_MS = 180_000;

describeLive('ovsdb-server is killed during a migration', () => {
  const pool = createBenchPool(4, () => createBench({ name: 'odb' }));
  afterAll(() => pool[Symbol.asyncDispose](), LIMIT_MS);

  it.concurrent.each(TRIED_STATES)(
    'in %s: the kernel is as before, and recover removes our rows later',
    { timeout: LIMIT_MS },
    state =>
      pool.use(async bench => {
        const { lab } = bench;
        const confirm = state === 'confirming' ? ['--confirm-within', '1s'] : [];
        const ended = await bench.migrate(happeningIn(lab, state, [death(bench)]), ...SHORT, ...confirm);
        expect(ended.happened, storyOf(ended)).toBe(true);
        await lab.stopOvsdb('SIGKILL');
        if (ended.code === 0) {
          // Everything was applied and verified before it failed.
          expect(state).toMatch(/^(verifying|confirming|committing|disarmingGuard)/);
          await lab.startOvsdb();
          // Until ovs-vswitchd has connected again, a restore would say that rows are still pending: the cases with another exit show that.
          await awaitApplied(lab);
          return bench.expectRestored();
        }
        expect(ended.code, storyOf(ended)).toBe(isBeforeChange(ended.outcome?.failedIn ?? '') ? 3 : 4);
        expect(ended.cause).toMatch(/ovsdb|OVSDB/);
        await settle(bench, ended);
      }),
  );

  it.concurrent.each(BACKWARD_STATES)(
    'in %s of a restore: the kernel is as before, and recover removes our rows later',
    { timeout: LIMIT_MS },
    state =>
      pool.use(async bench => {
        const there = await bench.migrate();
        expect(there.code, storyOf(there)).toBe(0);
        const ended = await bench.restore([{ state, acts: [death(bench)] }], ...SHORT);
        expect(ended.happened, storyOf(ended)).toBe(true);
        expect(ended.code, storyOf(ended)).toBe(0);
        await bench.lab.stopOvsdb('SIGKILL');
        await settle(bench, ended);
      }),
  );
});

function death({ lab }: FaultBench): Act {
  return { kind: 'signal', pid: lab.ovsdbPid() ?? 0, signal: 'SIGKILL' };
}

/** The way back was gone without OVSDB: as before now, and after it runs again, too. */
async function settle(bench: FaultBench, ended: Ended): Promise<void> {
  const { lab } = bench;
  const pendingRows = ended.outcome?.pendingRows;
  await bench.expectAsBefore(ended, { pendingRows });
  if (pendingRows) expect(ended.outcome?.advice.join()).toContain('recover');
  await lab.startOvsdb();
  await recoverFully(bench);
}
