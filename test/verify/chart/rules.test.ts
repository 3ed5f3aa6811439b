import { describe, expect, it } from 'vitest';
import { CHART_RULES } from '../../../src/verify/chart/rules/all.ts';
import { verifyCharts } from '../../../src/verify/chart/verify-charts.ts';
import { BAD_CHARTS } from './bad-charts.ts';
import { miniature } from './miniature.ts';

describe('the proofs of a chart', () => {
  it('hold for a good one', () => {
    expect(verifyCharts([miniature()]).charts[0]?.violations).toEqual([]);
  });

  it.each(BAD_CHARTS)('$code: $title', ({ chart, code, state, says, also = [] }) => {
    const report = verifyCharts([chart]);
    const violations = report.charts.flatMap(({ violations: found }) => found);
    expect(violations).toContainEqual({ chart: 'mini', code, state, what: expect.stringContaining(says) });
    expect([...new Set(violations.map(violation => violation.code))].sort()).toEqual([code, ...also].sort());
    expect(report.holds).toBe(false);
    expect(report.charts[0]?.proofs.find(proof => proof.code === code)?.holds).toBe(false);
  });

  it('each have a chart here that breaks them', () => {
    const broken = new Set(BAD_CHARTS.map(({ code }) => code));
    expect(CHART_RULES.map(({ code }) => code).filter(code => !broken.has(code))).toEqual([]);
  });

  it('are excused by a declared exception, and only for that state', () => {
    const exceptions = [{ rule: 'deadline-missing', state: 'writing', reason: 'a test' }];
    const without = (state: string) => miniature({ [`states/${state}/after`]: undefined }, { exceptions });
    expect(verifyCharts([without('writing')]).holds).toBe(true);
    expect(
      verifyCharts([without('judging')]).charts[0]?.violations.map(({ code, state }) => `${code} ${state}`),
    ).toEqual(['deadline-missing judging', 'exception-unneeded writing']);
  });
});
