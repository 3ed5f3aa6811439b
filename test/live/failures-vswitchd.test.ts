import { afterAll, expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { createBenchPool } from './failing/bench-pool.ts';
import { isBeforeChange, TRIED_STATES } from './failing/chart-states.ts';
import { awaitApplied, createBench, type FaultBench, recoverFully } from './failing/fault-bench.ts';
import { happeningIn } from './failing/incidents.ts';
import { type Ended, storyOf } from './failing/run-acting.ts';

/** Most of these cases wait for a deadline to pass. */
const SHORT = ['--step-timeout', '1500ms', '--gate-timeout', '2s'] as const;
const LIMIT_MS = 180_000;

describeLive('ovs-vswitchd fails during a migration', () => {
  const pool = createBenchPool(4, () => createBench({ name: 'vsw' }));
  afterAll(() => pool[Symbol.asyncDispose](), LIMIT_MS);

  it.concurrent.each(TRIED_STATES)(
    'stopped in %s: the host is as before, also once it goes on',
    { timeout: LIMIT_MS },
    state =>
      pool.use(async bench => {
        const ended = await migrateWith(bench, state, 'SIGSTOP');
        await settle(bench, state, ended, async () => bench.lab.resumeVswitchd());
      }),
  );

  it.concurrent.each(TRIED_STATES)(
    'killed in %s: the host is as before, also once it runs again',
    { timeout: LIMIT_MS },
    state =>
      pool.use(async bench => {
        const ended = await migrateWith(bench, state, 'SIGKILL');
        await bench.lab.stopVswitchd('SIGKILL');
        await settle(bench, state, ended, () => bench.lab.startVswitchd());
      }),
  );

  it('a migration and its way back work afterwards', { timeout: LIMIT_MS }, () =>
    pool.use(async bench => {
      const ended = await migrateWith(bench, 'cuttingOver.switchingRoutes', 'SIGKILL');
      await bench.lab.stopVswitchd('SIGKILL');
      await settle(bench, 'cuttingOver.switchingRoutes', ended, () => bench.lab.startVswitchd());
      await bench.expectStillWorks();
    }),
  );
});

async function migrateWith(bench: FaultBench, state: string, signal: 'SIGSTOP' | 'SIGKILL'): Promise<Ended> {
  const pid = bench.lab.vswitchdPid() ?? 0;
  const incidents = happeningIn(bench.lab, state, [{ kind: 'signal', pid, signal }], { keepStopped: true });
  const confirm = state === 'confirming' ? ['--confirm-within', '1s'] : [];
  const ended = await bench.migrate(incidents, ...SHORT, ...confirm);
  expect(ended.happened, storyOf(ended)).toBe(true);
  return ended;
}

/** Lets ovs-vswitchd run again: what it then does must leave the host as it was, with `recover` where the run asked for that. */
async function settle(bench: FaultBench, state: string, ended: Ended, revive: () => Promise<void>): Promise<void> {
  const { lab } = bench;
  if (ended.code === 0) {
    // Everything was applied and verified before it failed.
    expect(['committing', 'disarmingGuard'], storyOf(ended)).toContain(state);
    await revive();
    await awaitApplied(lab);
    return bench.expectRestored();
  }
  expect(ended.code, storyOf(ended)).toBe(isBeforeChange(ended.outcome?.failedIn ?? '') ? 3 : 4);
  // The window of `confirming` ends by itself: nothing asks ovs-vswitchd there.
  expect(ended.cause, storyOf(ended)).toMatch(state === 'confirming' ? /nobody confirmed/ : /vswitchd/);
  const pendingRows = ended.outcome?.pendingRows;
  await bench.expectAsBefore(ended, { pendingRows });
  await revive();
  await awaitApplied(lab);
  if (!pendingRows) return bench.expectAsBefore(ended);
  expect(ended.outcome?.advice.join()).toContain('recover');
  await recoverFully(bench);
}
