import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { realClock } from '../../src/engine/clock.ts';
import { findGuard } from '../../src/engine/guard/sighting.ts';
import { createJournalStore } from '../../src/engine/journal/store.ts';
import { takeStateLock } from '../../src/engine/state-lock.ts';
import { describeLive } from '../lab/live.ts';
import { awaitFile } from './guarding/await-file.ts';
import { createGuardBench, type GuardBench } from './guarding/guard-bench.ts';
import { armLoneGuard, type LoneGuard } from './guarding/lone-guard.ts';
import { runCli, spawnCli } from './support/cli.ts';

const LIMIT_MS = 60_000;
const UPLINK = 'eth0';

describeLive('a guard whose run is gone', () => {
  let bench: GuardBench;
  beforeAll(async () => {
    bench = await createGuardBench({ name: 'gord' });
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);

  /** A migration without a guard is killed in the middle; resolves with its journal. */
  const dieMidway = async () => {
    const run = spawnCli(bench.lab, ['migrate', '-i', UPLINK, '-b', 'br-ext']);
    await run.state('cuttingOver.switchingRoutes');
    run.kill('SIGKILL');
    await run.ended;
    return (await createJournalStore(bench.lab.stateDir).read(UPLINK))!;
  };
  const journalText = () => readFile(join(bench.lab.stateDir, `${UPLINK}.journal`), 'utf8');
  const armFor = (order: { readonly id: string; readonly generation: number }): Promise<LoneGuard> =>
    armLoneGuard(bench.lab, { uplink: UPLINK, ...order }, 'wait', LIMIT_MS);

  beforeEach(() => bench.reset(), LIMIT_MS);

  it('does nothing to a journal that a later run works on, nor to that of another migration, nor without one', {
    timeout: LIMIT_MS,
  }, async () => {
    const { id, generation } = await dieMidway();
    const text = await journalText();
    const image = await bench.lab.hostIp('-d', 'addr');
    for (const order of [
      { id, generation: generation - 1 },
      { id, generation: generation + 1 },
      { id: 'another', generation },
    ]) {
      const guard = await armFor(order);
      guard.dropConnection();
      expect(await guard.ended).toBe(0);
      expect(await journalText()).toBe(text);
      expect(await bench.lab.hostIp('-d', 'addr')).toBe(image);
    }
    expect((await runCli(bench.lab, ['recover'])).code).toBe(0);
    const guard = await armFor({ id, generation });
    guard.dropConnection();
    expect(await guard.ended).toBe(0);
    expect(await bench.judge()).toEqual({ result: 'before', problems: [], log: [] });
  });

  it('does nothing to what is committed', { timeout: LIMIT_MS }, async () => {
    expect((await runCli(bench.lab, ['migrate', '-i', UPLINK, '-b', 'br-ext'])).code).toBe(0);
    const { id, generation } = (await createJournalStore(bench.lab.stateDir).read(UPLINK))!;
    const guard = await armFor({ id, generation });
    guard.dropConnection();
    expect(await guard.ended).toBe(0);
    expect(await bench.judge()).toEqual({ result: 'committed', problems: [], log: [] });
  });

  it('puts back what is of its own generation, and with the next one on disk nobody else does so again', {
    timeout: LIMIT_MS,
  }, async () => {
    const { id, generation } = await dieMidway();
    const guard = await armFor({ id, generation });
    guard.dropConnection();
    expect(await guard.ended).toBe(0);
    const { result, problems, log } = await bench.judge();
    expect({ result, problems }).toEqual({ result: 'before', problems: [] });
    expect(log.at(-1)).toMatchObject({ result: 'rolledBack', why: 'it died' });
  });

  it('waits for the lock of whoever works on the host, and then finds that there is nothing left to do', {
    timeout: LIMIT_MS,
  }, async () => {
    const { id, generation } = await dieMidway();
    const guard = await armFor({ id, generation });
    const recovering = spawnCli(bench.lab, ['recover']);
    await recovering.state('rollingBack');
    guard.dropConnection();
    expect((await recovering.ended).code).toBe(0);
    expect(await guard.ended).toBe(0);
    expect(await bench.judge()).toEqual({ result: 'before', problems: [], log: [] });
  });

  it('of a run that hangs and must not be killed waits for its lock, and goes when the run goes on after all', {
    timeout: LIMIT_MS,
  }, async () => {
    const { id, generation } = await dieMidway();
    const text = await journalText();
    const lock = takeStateLock(bench.lab.stateDir);
    const guard = await armLoneGuard(bench.lab, { uplink: UPLINK, id, generation }, 'wait', 1);
    const log = join(bench.lab.stateDir, `${UPLINK}.guard.log`);
    await awaitFile(
      bench.lab.stateDir,
      () => existsSync(log) && readFileSync(log, 'utf8').includes('the run hangs'),
      LIMIT_MS,
    );
    guard.disarm();
    await guard.ended;
    expect(await journalText()).toBe(text);
    lock.release();
  });

  it('gives a run more time when it asks for it', { timeout: LIMIT_MS }, async () => {
    const { stateDir } = bench.lab;
    const dueMs = () => findGuard(stateDir, UPLINK, realClock)?.dueMs ?? 0;
    const guard = await armLoneGuard(bench.lab, { uplink: UPLINK, id: 'one', generation: 1 }, 'wait', 20_000);
    expect(dueMs()).toBeLessThanOrEqual(20_000);
    guard.allow(LIMIT_MS);
    await awaitFile(stateDir, () => dueMs() > 40_000, LIMIT_MS);
    guard.disarm();
    expect(await guard.ended).toBe(0);
    expect(findGuard(stateDir, UPLINK, realClock)).toBe(null);
  });
});
