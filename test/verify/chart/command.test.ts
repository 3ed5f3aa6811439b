import { describe, expect, it } from 'vitest';
import { verify } from '../../../src/cli/commands/verify.ts';
import { renderVerifyReport } from '../../../src/cli/render/render-verify.ts';
import { PLAIN } from '../../../src/cli/terminal/palette.ts';
import { verifyCharts } from '../../../src/verify/chart/verify-charts.ts';
import { collectTerminal } from '../../cli/collected-terminal.ts';
import { miniature } from './miniature.ts';

const run = async (json: boolean) => {
  const collected = collectTerminal({ json });
  const openEngine = () => Promise.reject(new Error('no engine is needed'));
  const code = await verify({ settings: {}, terminal: collected.terminal, openEngine });
  return { code, ...collected };
};

describe('verify', () => {
  it('prints where every failure leads and ends with 0 where all holds', async () => {
    const { code, out } = await run(false);
    expect(code).toBe(0);
    expect(out()).toMatch(/cuttingOver\.switchingRoutes\n {4}→ rollingBack\.restoringRoutes +error, deadline, ABORT\n/);
    expect(out()).toMatch(/all charts are as promised\n$/);
    expect(out()).not.toContain('FAILS');
  });

  it('prints one object a line', async () => {
    const { objects } = await run(true);
    expect(objects()).toContainEqual({
      failure: {
        chart: 'uplink-migration',
        state: 'cuttingOver.switchingRoutes',
        failure: 'ABORT',
        trigger: 'on ABORT',
        target: 'rollingBack.restoringRoutes',
        by: 'cuttingOver.switchingRoutes',
      },
    });
    const charts = objects().filter(object => 'chart' in (object as object));
    expect(charts).toHaveLength(verifyCharts().charts.length);
  });

  it('names the offender where a proof fails', () => {
    const report = verifyCharts([miniature({ 'states/first/on/ABORT': undefined })]);
    const lines = renderVerifyReport(report, PLAIN);
    expect(lines).toContain('failure-unanswered mini first: has no answer to: ABORT');
    expect(lines.filter(line => line.startsWith('FAILS'))).toHaveLength(1);
    expect(lines.at(-1)).toContain('NOT as promised');
  });

  it('prints no line that is wider than most terminals, reasons and promises apart', () => {
    const table = renderVerifyReport(verifyCharts(), PLAIN).filter(line => /^ {4,}/.test(line) && line.includes('→'));
    expect(Math.max(...table.map(line => line.length))).toBeLessThanOrEqual(120);
  });
});
