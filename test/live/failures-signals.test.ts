import { afterAll, expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { createBenchPool } from './failing/bench-pool.ts';
import { BACKWARD_STATES, isBeforeChange, TRIED_STATES } from './failing/chart-states.ts';
import { createBench } from './failing/fault-bench.ts';
import { happeningIn } from './failing/incidents.ts';
import { storyOf } from './failing/run-acting.ts';

const LIMIT_MS = 180_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Too late to stop: everything is verified, and only the journal is still to be written. */
const TOO_LATE = ['committing', 'disarmingGuard', 'committed'];
const CASES = SIGNALS.flatMap(signal => [...TRIED_STATES, 'committed'].map(state => ({ signal, state })));

describeLive('a stop signal during a migration', () => {
  const pool = createBenchPool(2, () => createBench({ name: 'sig' }));
  afterAll(() => pool[Symbol.asyncDispose](), LIMIT_MS);

  it.concurrent.each(CASES)('$signal in $state stops it cleanly', { timeout: LIMIT_MS }, ({ signal, state }) =>
    pool.use(async bench => {
      const confirm = state === 'confirming' ? ['--confirm-within', '60s'] : [];
      const ended = await bench.migrate(happeningIn(bench.lab, state, [{ kind: 'stop', signal }]), ...confirm);
      expect(ended.happened, storyOf(ended)).toBe(true);
      if (TOO_LATE.includes(state)) {
        expect(ended.code, storyOf(ended)).toBe(0);
        return bench.expectRestored();
      }
      // The signal is delivered in the next turn of the event loop: a state that is over by then is stopped in the one after it.
      expect(ended.code, storyOf(ended)).toBe(isBeforeChange(ended.outcome?.failedIn ?? '') ? 3 : 4);
      expect(ended.outcome?.failure).toMatchObject({ code: 'ABORTED' });
      expect(ended.cause).toContain(signal);
      await bench.expectAsBefore(ended);
    }),
  );

  it.each(SIGNALS)('%s in every state of a restore does not keep it from its end', { timeout: LIMIT_MS }, signal =>
    pool.use(async bench => {
      const there = await bench.migrate();
      expect(there.code, storyOf(there)).toBe(0);
      const ended = await bench.restore(BACKWARD_STATES.map(state => ({ state, acts: [{ kind: 'stop', signal }] })));
      expect(ended.happened, storyOf(ended)).toBe(true);
      expect(ended.code, storyOf(ended)).toBe(0);
      await bench.expectAsBefore(ended);
      await bench.expectStillWorks();
    }),
  );
});
