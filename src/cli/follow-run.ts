import type { MoveOutcome, MoveRun } from '../engine/move/run.ts';
import type { Run, RunEvent, RunOutcome } from '../engine/run.ts';
import { renderMove } from './render/render-move.ts';
import { renderOutcome } from './render/render-outcome.ts';
import { createRunRenderer } from './render/run-renderer.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Shows a run's events as they come and then its outcome, which it returns. Output errors don't disturb the run. */
export async function followRun(
  run: Run,
  terminal: Terminal,
  options: { readonly wanted: 'committed' | 'rolledBack' | 'either'; readonly confirmCommand: string },
): Promise<RunOutcome> {
  await followEvents(run, terminal, options.confirmCommand);
  const outcome = await run.outcome;
  if (terminal.json) terminal.object({ outcome });
  else for (const line of renderOutcome(outcome, options.wanted, terminal.outPalette)) terminal.line(line);
  return outcome;
}

/** The same for a move of a link. */
export async function followMove(run: MoveRun, terminal: Terminal, wanted: 'inUse' | 'restored'): Promise<MoveOutcome> {
  await followEvents(run, terminal, '');
  const outcome = await run.outcome;
  if (terminal.json) terminal.object({ moved: outcome });
  else for (const line of renderMove(outcome, wanted, terminal.outPalette)) terminal.line(line);
  return outcome;
}

async function followEvents(run: AsyncIterable<RunEvent>, terminal: Terminal, confirmCommand: string): Promise<void> {
  const { outPalette: palette, isLive: live, json } = terminal;
  const renderer = createRunRenderer({ palette, live, confirmCommand });
  for await (const event of run) {
    if (json) terminal.object({ event });
    else terminal.out.write(renderer.render(event));
  }
  terminal.out.write(json ? '' : renderer.end());
}
