// Writes machines/<name>.md and .svg of every chart: npm run machines. A test fails when one of them is not current.
import { readFile, writeFile } from 'node:fs/promises';
import { exportChart } from '../src/inspect/export/export-chart.ts';
import { CHARTS } from '../src/verify/chart/charts.ts';
import { describeChart } from '../src/verify/chart/describe/markdown.ts';

for (const chart of CHARTS) {
  const of = (extension: string): URL => new URL(`../machines/${chart.name}.${extension}`, import.meta.url);
  await writeFile(of('md'), describeChart(chart, await readFile(of('ts'), 'utf8')));
  await writeFile(of('svg'), exportChart(chart, 'svg'));
  console.log(`machines/${chart.name}.md`);
}
