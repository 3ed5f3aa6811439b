import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportChart } from '../../inspect/export/export-chart.ts';
import { EXPORT_FORMATS } from '../../inspect/export/formats.ts';
import { CHARTS } from '../../verify/chart/charts.ts';
import type { VerifiedChart } from '../../verify/chart/rule.ts';
import { type CommandFunction, requireSetting } from '../command-context.ts';
import { usageError } from '../parse/usage-error.ts';
import { visible } from '../terminal/palette.ts';

/** `export`: a chart as a picture or as text, on stdout; with `--output`, the named ones or all of them, a file each in that folder. */
export const exportCharts: CommandFunction = async ({ settings, terminal, operands = [] }) => {
  const format = requireSetting(settings, 'format');
  const charts = operands.length === 0 ? CHARTS : operands.map(chartNamed);
  const folder = settings.output;
  if (folder === undefined) {
    const [chart, ...more] = charts;
    if (chart === undefined || more.length > 0) {
      throw usageError('one chart at a time goes to stdout', {
        expected: `one of ${namesOfCharts()}`,
        got: String(charts.length),
        advice: 'name one, or a folder for all of them: -o DIR',
      });
    }
    const text = exportChart(chart, format);
    if (terminal.json) terminal.object({ chart: chart.name, format, text });
    else terminal.line(text.trimEnd());
    return 0;
  }
  try {
    await mkdir(folder, { recursive: true });
    for (const chart of charts) {
      const file = join(folder, `${chart.name}.${EXPORT_FORMATS[format]}`);
      await writeFile(file, exportChart(chart, format));
      if (terminal.json) terminal.object({ chart: chart.name, format, file });
      else terminal.line(visible(file));
    }
  } catch (error) {
    throw usageError('cannot write the charts', {
      object: folder,
      expected: 'a folder',
      got: (error as Error).message,
    });
  }
  return 0;
};

function chartNamed(name: string): VerifiedChart {
  const chart = CHARTS.find(candidate => candidate.name === name);
  if (chart !== undefined) return chart;
  throw usageError('no such chart', { got: name, candidates: CHARTS.map(candidate => candidate.name) });
}

function namesOfCharts(): string {
  return CHARTS.map(({ name }) => name).join(', ');
}
