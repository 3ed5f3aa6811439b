import type { StatusReport } from '../../engine/run.ts';
import { describeFailure } from '../../errors.ts';
import { type CommandFunction, withEngine } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { formatDuration } from '../parse/duration.ts';
import { renderMoveReport } from '../render/render-move.ts';
import { type Palette, visible } from '../terminal/palette.ts';

/** `status`: every journal, of migrations and of moved links, its state, and how the host differs from it. */
export const status: CommandFunction = context =>
  withEngine(context, async (engine): Promise<ExitCode> => {
    const { terminal } = context;
    const reports = await engine.status();
    const moves = await engine.moves();
    if (terminal.json) {
      for (const report of reports) terminal.object({ status: report });
      for (const report of moves) terminal.object({ move: report });
      return 0;
    }
    if (reports.length === 0) terminal.line('no migration on this host');
    const palette = terminal.outPalette;
    for (const report of reports) for (const line of render(report, palette)) terminal.line(line);
    for (const report of moves) for (const line of renderMoveReport(report, palette)) terminal.line(line);
    return 0;
  });

function render(report: StatusReport, palette: Palette): readonly string[] {
  const { uplink, state, live, guard, drift, bridge, layout, bond, confirmRemainingMs, failure, id } = report;
  const mark = failure !== null || drift.length > 0 ? palette.warn : palette.strong;
  const lines = [`${mark(visible(uplink))}: ${visible(`${state}, bridge ${bridge}, layout ${layout}, id ${id}`)}`];
  if (live) lines.push('  a process is working on it now');
  if (guard !== null) {
    const due = formatDuration(guard.dueMs);
    lines.push(`  guarded by process ${guard.pid}, which takes it for hung after ${due} without a word`);
  }
  if (confirmRemainingMs !== null) lines.push(`  rolls back in ${formatDuration(confirmRemainingMs)} unless confirmed`);
  for (const { name, problem } of bond) {
    lines.push(`  in the bond: ${visible(name)}${problem === null ? '' : palette.warn(`, ${visible(problem)}`)}`);
  }
  if (failure !== null) lines.push(`  ${palette.bad(visible(describeFailure(failure)))}`);
  for (const difference of drift) lines.push(`  ${palette.warn('drift:')} ${visible(difference)}`);
  return lines;
}
