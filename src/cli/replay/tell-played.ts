import { describeFailure } from '../../errors.ts';
import type { ScenarioResult } from '../../scenario/result.ts';
import type { Palette } from '../terminal/palette.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { BadFile, Played } from './play-files.ts';
import { renderMismatches, renderResult, renderTimeline } from './render-result.ts';

/** How much is told of each scenario. */
export interface TellOptions {
  /** The time lines, too. */
  readonly withTimeline: boolean;
  /** All operations in them. */
  readonly verbose: boolean;
}

/** Tells what became of one scenario: as text, or as objects, one a line: its entries, then its result. */
export async function tellResult(terminal: Terminal, result: ScenarioResult, options: TellOptions): Promise<void> {
  if (terminal.json) tellObjects(terminal, result);
  else await tellText(terminal, result, options);
  // What is written faster than it is read would be dropped some day.
  await terminal.out.flush();
}

/** Tells of a file that is no scenario. */
export async function tellBadFile(terminal: Terminal, { file, failure }: BadFile): Promise<void> {
  if (terminal.json) terminal.object({ badFile: file, failure });
  terminal.complain(describeFailure(failure));
  await terminal.err.flush();
}

/** Tells the counts of a round and its rate. `tookMs` is the whole round's. */
export function tellSummary(terminal: Terminal, played: Played, tookMs: number): void {
  const counts = countOf(played);
  const { steps } = counts;
  const stepsPerSecond = tookMs > 0 ? Math.round((steps / tookMs) * 1000) : 0;
  const rate = `${steps} steps in ${(tookMs / 1000).toFixed(2)} s, ${stepsPerSecond} a second`;
  if (terminal.json) terminal.object({ summary: { ...counts, tookMs, stepsPerSecond } });
  else terminal.line(renderSummary(counts, terminal.outPalette, rate));
}

interface Counts {
  readonly scenarios: number;
  readonly ok: number;
  readonly failed: number;
  readonly skipped: number;
  readonly badFiles: number;
  readonly steps: number;
}

function countOf({ results, badFiles }: Played): Counts {
  const skipped = results.filter(result => result.skipped !== null).length;
  const failed = results.filter(result => result.skipped === null && result.mismatches.length > 0).length;
  const steps = results.reduce((sum, result) => sum + result.steps, 0);
  const ok = results.length - skipped - failed;
  return { scenarios: results.length, ok, failed, skipped, badFiles: badFiles.length, steps };
}

function renderSummary({ scenarios, ok, failed, skipped, badFiles }: Counts, palette: Palette, rate: string): string {
  const parts = [
    `${ok} ok`,
    ...(failed > 0 ? [palette.bad(`${failed} FAILED`)] : []),
    ...(skipped > 0 ? [palette.warn(`${skipped} skipped`)] : []),
    ...(badFiles > 0 ? [palette.bad(badFiles === 1 ? '1 bad file' : `${badFiles} bad files`)] : []),
  ];
  return `${scenarios === 1 ? '1 scenario' : `${scenarios} scenarios`}: ${parts.join(', ')}; ${palette.dim(rate)}`;
}

async function tellText(terminal: Terminal, result: ScenarioResult, options: TellOptions): Promise<void> {
  const { outPalette: palette } = terminal;
  terminal.line(renderResult(result, palette));
  const isAsExpected = result.mismatches.length === 0;
  if (result.skipped !== null) return;
  if (options.withTimeline) {
    for (const line of renderTimeline(result.timeline, palette, options.verbose)) terminal.line(line);
  }
  if (isAsExpected) return;
  for (const line of await renderMismatches(result, palette, options.verbose)) terminal.line(line);
}

function tellObjects(terminal: Terminal, result: ScenarioResult): void {
  const { scenario, timeline, mismatches, ...rest } = result;
  const { name, kind, place } = scenario;
  for (const entry of timeline) terminal.object({ entry: { scenario: name, ...entry } });
  const ok = mismatches.length === 0 && rest.skipped === null;
  terminal.object({ result: { scenario: name, kind, file: place.file, ok, mismatches, ...rest } });
}
