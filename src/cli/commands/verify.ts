import { verifyCharts } from '../../verify/chart/verify-charts.ts';
import type { CommandFunction } from '../command-context.ts';
import { renderVerifyReport } from '../render/render-verify.ts';

/** `verify`: the proofs over the charts, and what becomes of every failure in every state; 1 when one of the proofs fails. */
export const verify: CommandFunction = async ({ terminal }) => {
  const report = verifyCharts();
  if (terminal.json) {
    for (const { failures, exceptions, proofs, violations, ...counts } of report.charts) {
      const { chart } = counts;
      for (const failure of failures) terminal.object({ failure });
      for (const exception of exceptions) terminal.object({ exception: { chart, ...exception } });
      for (const proof of proofs) terminal.object({ proof: { chart, ...proof } });
      for (const violation of violations) terminal.object({ violation });
      terminal.object({ chart: { ...counts, holds: violations.length === 0 } });
    }
  } else {
    for (const line of renderVerifyReport(report, terminal.outPalette)) terminal.line(line);
  }
  return report.holds ? 0 : 1;
};
