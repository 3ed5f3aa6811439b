import { expect, it } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import { describeLive } from '../lab/live.ts';
import { createKillBench, type KillBench } from './killing/bench.ts';
import { type Mortal, outcomesOf } from './killing/mortals.ts';
import type { Reply } from './killing/protocol.ts';
import { differencesFrom } from './killing/settle.ts';

const LONG_MS = 60_000;

/** The journal of a run with a confirm window is put in place for preparing, cuttingOver, verifying and, the fourth time, confirming. */
const WINDOW_OPEN = 'journal in place#4';

/** Recovers in a new process and acts when the window is open again. */
async function recoverAnd(
  mortal: Mortal,
  act: (remainingMs: number) => Promise<void>,
): Promise<{ readonly reply: Reply; readonly remainingMs: number }> {
  const opened = mortal.confirmWindow();
  const recovering = mortal.ask({ do: 'recover' });
  const remainingMs = await opened;
  await act(remainingMs);
  return { reply: await recovering, remainingMs };
}

function engineOf(bench: KillBench) {
  return createEngine({ ovsdb: bench.lab.ovsdbRemote, stateDir: bench.lab.stateDir });
}

describeLive('killed while it waits to be confirmed', () => {
  it('recover opens the window again for what is left of it, and confirm commits', async () => {
    await using bench = await createKillBench('killconf', { confirmWithinMs: LONG_MS });
    await using engine = engineOf(bench);
    await bench.dieMigrating(WINDOW_OPEN);
    const mortal = await bench.next();
    const { reply, remainingMs } = await recoverAnd(mortal, () => engine.confirm('eth0'));
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThan(LONG_MS);
    expect(outcomesOf(reply).map(outcome => outcome.result)).toEqual(['committed']);
    const status = await mortal.ask({ do: 'status' });
    expect(status).toMatchObject({ reports: [{ state: 'committed', drift: [], confirmRemainingMs: null }] });

    const [back] = outcomesOf(await mortal.ask({ do: 'restore', uplink: 'eth0' }));
    expect(back?.result).toBe('rolledBack');
    expect(await differencesFrom(bench.lab, bench.before)).toEqual([]);

    // Killed before the window was on disk: a fresh one opens, and an abort undoes the move.
    await bench.dieMigrating('state confirming');
    const second = await bench.next();
    const aborted = await recoverAnd(second, () => engine.abort('eth0'));
    expect(outcomesOf(aborted.reply).map(outcome => outcome.result)).toEqual(['rolledBack']);
    expect(await differencesFrom(bench.lab, bench.before)).toEqual([]);
  }, 120_000);

  it('killed again in the window that recover opened, the next recover still ends at the first due time', async () => {
    await using bench = await createKillBench('killconf2', { confirmWithinMs: LONG_MS });
    await using engine = engineOf(bench);
    await bench.dieMigrating(WINDOW_OPEN);
    const first = await bench.next();
    const opened = first.confirmWindow();
    const dying = first.ask({ do: 'recover' }).catch(() => undefined);
    const firstRemainingMs = await opened;
    await first.kill();
    await dying;
    const { reply, remainingMs } = await recoverAnd(await bench.next(), () => engine.confirm('eth0'));
    expect(remainingMs).toBeLessThan(firstRemainingMs);
    expect(outcomesOf(reply).map(outcome => outcome.result)).toEqual(['committed']);
  }, 120_000);

  it('nobody confirms: recover rolls back at the end of the window, also when that had passed before it began', async () => {
    await using bench = await createKillBench('killconf3');
    await bench.dieMigrating(WINDOW_OPEN, { confirmWithinMs: 3_000 });
    const within = await bench.recover();
    expect(within.map(outcome => [outcome.result, outcome.failure?.what])).toEqual([
      ['rolledBack', 'nobody confirmed in time'],
    ]);
    expect(await differencesFrom(bench.lab, bench.before)).toEqual([]);

    await bench.dieMigrating(WINDOW_OPEN, { confirmWithinMs: 1 });
    const after = await bench.recover();
    expect(after.map(outcome => [outcome.result, outcome.failure?.what])).toEqual([
      ['rolledBack', 'nobody confirmed in time'],
    ]);
    expect(await differencesFrom(bench.lab, bench.before)).toEqual([]);
  }, 120_000);
});
