import { describe, expect, it } from 'vitest';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { mutationsOf } from '../../../src/verify/mutation/enumerate.ts';
import type { Mutation } from '../../../src/verify/mutation/mutation.ts';
import { runMutated } from '../../../src/verify/mutation/run-mutated.ts';

const LOOKING = new URL('looking.ts', import.meta.url).href;
const look = (mutation: Mutation | null, call: string, argument: unknown = null) =>
  runMutated({ mutation, module: LOOKING, call, argument });

const WITHOUT_ABORT = CHARTS.flatMap(mutationsOf).find(
  ({ kind, what }) => kind === 'drop-transition' && what.startsWith('cuttingOver.switchingRoutes: no `on ABORT'),
)!;

describe('a process with a fault', () => {
  it('has the chart without what was dropped, as the engine binds it', async () => {
    expect(await look(null, 'eventsOfSwitchingRoutes')).toEqual({ kind: 'returned', value: ['ABORT'] });
    expect(await look(WITHOUT_ABORT, 'eventsOfSwitchingRoutes')).toEqual({ kind: 'returned', value: [] });
  });

  it('has it in its worker threads, too', async () => {
    expect(await look(WITHOUT_ABORT, 'eventsInWorker')).toEqual({ kind: 'returned', value: [] });
  });

  it('has one step of the way back that does nothing, and the others as they are', async () => {
    const fault: Mutation = { kind: 'drop-inverse', step: 'detachingUplink', what: 'detachingUplink does nothing' };
    const steps = ['detachingUplink', 'removingHostPort'];
    expect(await look(null, 'countEffects', steps)).toEqual({ kind: 'returned', value: [1, 1] });
    expect(await look(fault, 'countEffects', steps)).toEqual({ kind: 'returned', value: [0, 1] });
  });

  it('tells what was thrown, and that it died', async () => {
    expect(await look(null, 'fail')).toMatchObject({ kind: 'threw', text: expect.stringContaining('on purpose') });
    expect(await look(null, 'exit')).toEqual({ kind: 'died', text: 'ended with 7' });
  });

  it('is stopped by the signal', async () => {
    const stop = new AbortController();
    const outcome = runMutated({ mutation: null, module: LOOKING, call: 'never', argument: null }, stop.signal);
    stop.abort();
    expect(await outcome).toMatchObject({ kind: 'died' });
  });
});
