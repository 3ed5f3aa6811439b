import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { exportChart } from '../../../src/inspect/export/export-chart.ts';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { describeChart } from '../../../src/verify/chart/describe/markdown.ts';
import { readPromise } from '../../../src/verify/chart/describe/promise.ts';

const fileOf = (name: string): Promise<string> =>
  readFile(new URL(`../../../machines/${name}`, import.meta.url), 'utf8');

describe('machines/*.md', () => {
  it.each(CHARTS)('$name.md is current; if not, run `npm run machines`', async chart => {
    const wanted = describeChart(chart, await fileOf(`${chart.name}.ts`));
    expect(await fileOf(`${chart.name}.md`)).toBe(wanted);
  });

  it.each(CHARTS)('$name.svg is, too', async chart => {
    expect(await fileOf(`${chart.name}.svg`)).toBe(exportChart(chart, 'svg'));
  });
});

describe('the promise of a chart', () => {
  it('is the comment over it, paragraph by paragraph', () => {
    const source =
      '/** Not this. */\nconst a = 1;\n\n/**\n * One\n * line.\n *\n * Another.\n */\nexport const some = setup({\n';
    expect(readPromise(source, 'some')).toBe('One line.\n\nAnother.');
  });

  it('must be there', () => {
    expect(() => readPromise('/** Of a. */\nconst a = 1;\nexport const some = setup({', 'some')).toThrow(
      'no doc comment',
    );
  });
});
