import { diffLines } from '../../scenario/report/diff-lines.ts';
import { describeEntry, type EntryWeight, isCompact } from '../../scenario/report/entry-text.ts';
import { formatPlace, readSourceLine } from '../../scenario/report/source-line.ts';
import type { Mismatch, ScenarioResult, TimelineEntry } from '../../scenario/result.ts';
import { formatDuration } from '../parse/duration.ts';
import { type Palette, visible } from '../terminal/palette.ts';

/** Entries of the time line that a failure shows. */
const LAST_STEPS = 10;

/** A scenario in one line: what became of it, virtual time, steps, name. */
export function renderResult(
  { scenario, mismatches, skipped, virtualMs, steps }: ScenarioResult,
  palette: Palette,
): string {
  const name = visible(scenario.name);
  if (skipped !== null) return `${palette.warn('skipped')}  ${name}: ${palette.dim(visible(skipped))}`;
  const verdict = mismatches.length === 0 ? palette.good('ok     ') : palette.bad('FAILED ');
  return `${verdict} ${palette.dim(`${formatDuration(virtualMs).padStart(9)} ${String(steps).padStart(6)} steps`)}  ${name}`;
}

/** The time line, one line an entry: virtual time, then the state of the chart, or what happened in it. */
export function renderTimeline(
  timeline: readonly TimelineEntry[],
  palette: Palette,
  verbose: boolean,
): readonly string[] {
  return timeline.filter(entry => verbose || isCompact(entry)).map(entry => renderEntry(entry, palette));
}

/** Everything that is not as expected: where it stands in the file, the difference, and the steps that led there. */
export async function renderMismatches(
  { mismatches, timeline, scenario }: ScenarioResult,
  palette: Palette,
  verbose: boolean,
): Promise<readonly string[]> {
  const lines: string[] = [];
  if (scenario.guards !== null) lines.push(`  guards against: ${visible(scenario.guards)}`);
  if (scenario.expected !== null) lines.push(`  expected: ${visible(scenario.expected)}`);
  for (const mismatch of mismatches) lines.push(...(await renderMismatch(mismatch, palette)));
  const at = Math.max(...mismatches.map(mismatch => mismatch.at ?? timeline.length - 1));
  const before = timeline.slice(0, at + 1).filter(entry => verbose || isCompact(entry));
  const last = before.slice(-LAST_STEPS);
  if (last.length === 0) return lines;
  const left = before.length - last.length;
  lines.push(`  the last ${last.length} steps${left === 0 ? '' : `, ${left} before them`}:`);
  return [...lines, ...last.map(entry => `  ${renderEntry(entry, palette)}`)];
}

async function renderMismatch({ place, what, expected, got }: Mismatch, palette: Palette): Promise<readonly string[]> {
  const lines = [`  ${palette.bad(visible(what))}`, `    ${visible(formatPlace(place))}`];
  const source = await readSourceLine(place);
  if (source !== null) {
    const number = `${place.line}`;
    // What is shown of a tab or a control character is longer than one column.
    const indent = ' '.repeat(visible(source.text.slice(0, source.caret)).length);
    lines.push(`    ${palette.dim(`${number} |`)} ${visible(source.text)}`);
    lines.push(`    ${' '.repeat(number.length)} ${palette.dim('|')} ${indent}${palette.strong('^')}`);
  }
  for (const { side, text } of diffLines(expected, got)) {
    if (side === 'both') lines.push(`      ${visible(text)}`);
    else if (side === 'expected') lines.push(`    ${palette.good(`- ${visible(text)}`)}`);
    else lines.push(`    ${palette.bad(`+ ${visible(text)}`)}`);
  }
  return lines;
}

function renderEntry(entry: TimelineEntry, palette: Palette): string {
  const { mark, text, weight } = describeEntry(entry);
  const paint = paintOf(weight, palette);
  const at = palette.dim(`+${entry.atMs.toFixed(1)}ms`.padStart(11));
  const indent = weight === 'state' || weight === 'heading' ? '' : '  ';
  return `${at} ${indent}${paint(`${mark === ' ' ? '' : `${mark} `}${visible(text)}`)}`;
}

function paintOf(weight: EntryWeight, palette: Palette): (text: string) => string {
  switch (weight) {
    case 'heading':
    case 'state':
      return palette.strong;
    case 'plain':
      return text => text;
    case 'faint':
      return palette.dim;
    case 'bad':
      return palette.bad;
    case 'own':
      return palette.warn;
  }
}
