import { describe, expect, it } from 'vitest';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { inverseMutations, mutationsOf } from '../../../src/verify/mutation/enumerate.ts';
import { EXPLAINED } from '../../../src/verify/mutation/explained.ts';
import { mutateChart } from '../../../src/verify/mutation/mutation.ts';
import { verifyMutants } from '../../../src/verify/mutation/score.ts';
import { miniature } from '../chart/miniature.ts';

describe('mutants of the charts', () => {
  it('are all caught by a proof, or explained; XState itself refuses none', { timeout: 120_000 }, () => {
    const results = verifyMutants(CHARTS, 'first');
    const survivors = results.filter(({ caughtBy }) => caughtBy.length === 0);
    const texts = survivors.map(({ mutation }) => `${mutation.chart}: ${mutation.what}`);
    // An explanation that nobody needs any more fails, too.
    expect(texts.sort()).toEqual(EXPLAINED.map(({ chart, what }) => `${chart}: ${what}`).sort());
    expect(results.filter(({ caughtBy }) => caughtBy.includes('refused'))).toEqual([]);
    expect(results.length).toBeGreaterThan(500);
  });
});

describe('the mutations of a chart', () => {
  const texts = mutationsOf(miniature()).map(({ what }) => what);

  it('drop every transition, guard, action, invoke and tag', () => {
    expect(texts).toEqual(
      expect.arrayContaining([
        '(root): no `on seen`',
        'judging: no `judge done [isNo] → refused`',
        'judging: no guard in `judge done [isNo] → refused`',
        'judging: no noteNo in `judge done [isNo] → refused`',
        'writing: no `error of writeJournal → #mini.refused`',
        'writing: no `after limit → #mini.refused`',
        'entering: no `always → takingOver`',
        'committed: no tag terminal',
        'first: no invoke forward',
      ]),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('begin every way back one state too early and one too late', () => {
    expect(texts.filter(text => text.startsWith('first: `on ABORT'))).toEqual([
      'first: `on ABORT → #mini.back.undoingFirst` leads to back.undoingSecond instead',
      'first: `on ABORT → #mini.back.undoingFirst` leads to back.closing instead',
    ]);
  });

  it('leave the chart itself as it is', () => {
    const chart = miniature();
    const before = JSON.stringify(chart.machine.config);
    const [first] = mutationsOf(chart);
    expect(JSON.stringify(mutateChart(chart.machine, first!).config)).not.toBe(before);
    expect(JSON.stringify(chart.machine.config)).toBe(before);
  });

  it('are refused where there is nothing to drop', () => {
    const fault = {
      kind: 'drop-transition',
      chart: 'mini',
      at: ['states', 'first', 'on', 'NEVER'],
      what: 'x',
    } as const;
    expect(() => mutateChart(miniature().machine, fault)).toThrow('nothing to mutate: x');
  });

  it('let each step of the way back do nothing', () => {
    expect(inverseMutations(miniature()).map(({ step }) => step)).toEqual(['undoingSecond', 'undoingFirst']);
  });
});
