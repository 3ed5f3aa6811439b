import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { startAltnameGiver } from './failing/altname-giver.ts';
import { createBench, type FaultBench } from './failing/fault-bench.ts';
import { storyOf } from './failing/run-acting.ts';

const LIMIT_MS = 120_000;

describeLive("the host port's name returns as an altname of the uplink", () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await createBench({ name: 'alt' });
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);

  it('a few times: it is taken away each time, and the host port gets its name', { timeout: LIMIT_MS }, async () => {
    const giver = await startAltnameGiver(bench.lab, 3);
    const ended = await bench.migrate();
    await giver.stop();
    expect(ended.code, storyOf(ended)).toBe(0);
    expect(giver.given(), 'the altname was never given').toBeGreaterThan(0);
    await bench.expectRestored();
  });

  it('for ever: the host is as before, or the host port was faster', { timeout: LIMIT_MS }, async () => {
    // Who is faster in between two altnames is ovs-vswitchd's luck; what must never be is a half-done move.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const giver = await startAltnameGiver(bench.lab, Number.POSITIVE_INFINITY);
      const ended = await bench.migrate();
      await giver.stop();
      expect(giver.given(), 'the altname was never given').toBeGreaterThan(0);
      if (ended.code === 0) {
        await bench.expectRestored();
        continue;
      }
      expect(ended.code, storyOf(ended)).toBe(4);
      expect(ended.cause).toMatch(/altname|File exists|eth0/);
      await bench.expectAsBefore(ended);
    }
  });
});
