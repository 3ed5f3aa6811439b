import { cpus, loadavg } from 'node:os';

/** The value below which a share `q` (0 to 1) of the values lie; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  // The smallest value that has at least that share at or below it.
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** Median, 95th percentile and worst, as one text: `0 / 3 / 12`. */
export function spread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return '-';
  return [quantile(values, 0.5), quantile(values, 0.95), Math.max(...values)].map(v => v.toFixed(digits)).join(' / ');
}

/** Prints a title and a table; the first column is text, the others are aligned to the right. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map(row => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
      .trimEnd();
  console.log(`\n${title}`);
  console.log(line(head));
  console.log(widths.map(width => '-'.repeat(width)).join('   '));
  for (const row of rows) console.log(line(row));
}

/** What else the machine does, for whoever reads the numbers: `load 3.1 on 2 processors, node v24.21.0`. */
export function describeMachine(): string {
  return `load ${(loadavg()[0] ?? 0).toFixed(1)} on ${cpus().length} processors, node ${process.version}`;
}
