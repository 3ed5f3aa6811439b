import { drawMermaid } from '../../verify/chart/describe/mermaid.ts';
import { exportNameOf } from '../../verify/chart/describe/promise.ts';
import { readChart } from '../../verify/chart/graph.ts';
import type { VerifiedChart } from '../../verify/chart/rule.ts';
import { subjectOfChart } from '../../verify/chart/verify-charts.ts';
import { drawChart } from '../picture/draw-chart.ts';
import { renderSvg } from '../picture/svg.ts';
import { definitionOf } from '../wire/definition.ts';
import { chartSource } from './chart-source.ts';
import type { ExportFormat } from './formats.ts';

/** A chart as text, with a line break at its end; the same for the same chart. */
export function exportChart(chart: VerifiedChart, format: ExportFormat): string {
  switch (format) {
    case 'mermaid':
      return `${drawMermaid(subjectOfChart(chart))}\n`;
    case 'svg':
      return renderSvg(drawChart(readChart(chart.machine)), `State chart ${chart.name}`);
    case 'json':
      return `${JSON.stringify(JSON.parse(definitionOf(chart.machine)), null, 2)}\n`;
    case 'xstate':
      return chartSource(chart.machine, exportNameOf(chart.name));
  }
}
