import type { PlannedStep } from '../../domain/plan.ts';
import type { RunEvent } from '../../engine/run.ts';
import { describeFailure } from '../../errors.ts';
import { type Palette, visible } from '../terminal/palette.ts';
import type { Measurement } from './measure.ts';

/** A state of the chart that lasted less is left out of a time line. */
const SHORT_MS = 0.5;

/** A plan in one line a step. */
export function renderShortPlan(steps: readonly PlannedStep[], palette: Palette): readonly string[] {
  return steps.map(
    ({ step, title, inverse }, index) =>
      `  ${index + 1}. ${step.padEnd(24)} ${visible(title)} ${palette.dim(`(back: ${inverse.step})`)}`,
  );
}

/** The states that a run went through from the first that `from` accepts, with their durations; failures stand where they happened. */
export function renderTimeline(
  events: readonly RunEvent[],
  palette: Palette,
  from: (event: RunEvent) => boolean = () => true,
): readonly string[] {
  const lines: string[] = [];
  let left = 0;
  const start = Math.max(events.findIndex(from), 0);
  for (const event of events.slice(start)) {
    if (event.type === 'failure') lines.push(`             ${palette.bad(visible(describeFailure(event.failure)))}`);
    if (event.type !== 'state' || event.previous === null) continue;
    if (event.previousMs < SHORT_MS) {
      left += 1;
      continue;
    }
    const began = `+${(event.atMs - event.previousMs).toFixed(1)}`.padStart(9);
    lines.push(
      `  ${palette.dim(began)}  ${visible(event.previous).padEnd(46)} ${event.previousMs.toFixed(1).padStart(8)} ms`,
    );
  }
  return left === 0 ? lines : [...lines, palette.dim(`             and ${left} states of less than ${SHORT_MS} ms`)];
}

/** A table of what the probe saw. */
export function renderMeasurement(seen: Measurement, palette: Palette): readonly string[] {
  const heading = `  ${'datagrams to'.padEnd(18)}${['sent', 'lost', 'longest gap', 'duplicates'].map(text => text.padStart(13)).join('')}`;
  const rows = Object.entries(seen).map(([address, { sent, lost, longestGapMs, duplicates }]) => {
    const mark = lost === 0 ? palette.good : palette.bad;
    const figures = [`${sent}`, `${lost}`, `${longestGapMs.toFixed(1)} ms`, `${duplicates}`].map(text =>
      text.padStart(13),
    );
    return `  ${address.padEnd(18)}${figures[0]}${mark(figures[1]!)}${figures[2]}${figures[3]}`;
  });
  return [palette.dim(heading), ...rows];
}

/** Whether the host is as before; the differences where it is not. */
export function renderComparison(differences: readonly string[], palette: Palette): readonly string[] {
  if (differences.length === 0) {
    return [
      palette.good('  the host equals before: links, addresses, routes, rules, neighbours, sysctls, no row of ours'),
    ];
  }
  return differences.slice(0, 8).map(difference => `  ${palette.bad('differs:')} ${visible(difference)}`);
}
