import { groupExceptions, groupFailures } from '../../verify/chart/group-failures.ts';
import type { ChartReport, VerifyReport } from '../../verify/chart/verify-charts.ts';
import type { Palette } from '../terminal/palette.ts';

/** Lists longer than this go on in the next line. */
const LIST_COLUMNS = 60;

/** Chart by chart: where every failure leads, what is excepted and why; then the proofs, and last what offends against them. */
export function renderVerifyReport(report: VerifyReport, palette: Palette): readonly string[] {
  const { charts } = report;
  const violations = charts.flatMap(chart => chart.violations);
  return [
    ...charts.flatMap(chart => renderChart(chart, palette)),
    ...renderProofs(charts, palette),
    '',
    ...violations.map(
      ({ chart, code, state, what }) =>
        `${palette.bad(code)} ${palette.strong(state === '' ? chart : `${chart} ${state}`)}: ${what}`,
    ),
    violations.length === 0
      ? palette.good('all charts are as promised')
      : palette.bad(`NOT as promised (${violations.length}): a defect of ovs-uplink; please report this`),
  ];
}

function renderChart(report: ChartReport, palette: Palette): readonly string[] {
  const { chart, states, transitions, failures } = report;
  const exceptions = groupExceptions(report.exceptions);
  const width = Math.max(0, ...failures.map(({ target }) => target.length)) + 2;
  const indent = ' '.repeat(6 + width);
  return [
    palette.strong(`${chart}: ${states} states, ${transitions} transitions`),
    ...groupFailures(failures).flatMap(({ state, groups }) => [
      `  ${state}`,
      ...groups.flatMap(group =>
        wrap(group.failures).map(
          (line, index) => `${index === 0 ? `    → ${group.target.padEnd(width)}` : indent}${line}`,
        ),
      ),
    ]),
    ...(exceptions.length === 0 ? [] : ['  departs on purpose from']),
    ...exceptions.flatMap(({ rule, state, about, reason }) => [
      palette.dim(`    ${rule}: ${[state === '' ? chart : state, ...about].join(', ')}`),
      palette.dim(`      ${reason}`),
    ]),
    '',
  ];
}

function renderProofs(charts: readonly ChartReport[], palette: Palette): readonly string[] {
  const proofs = charts[0]?.proofs ?? [];
  return proofs.map(({ code, promise }) => {
    const holds = charts.every(chart => chart.proofs.every(proof => proof.code !== code || proof.holds));
    return `${holds ? palette.good('holds') : palette.bad('FAILS')} ${code}: ${promise}`;
  });
}

function wrap(items: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const text = index === items.length - 1 ? item : `${item},`;
    const last = lines.at(-1);
    if (last === undefined || last.length + text.length >= LIST_COLUMNS) lines.push(text);
    else lines[lines.length - 1] = `${last} ${text}`;
  }
  return lines;
}
