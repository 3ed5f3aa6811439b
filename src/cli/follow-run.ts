import type { Run, RunOutcome } from '../engine/run.ts';
import { renderOutcome } from './render/render-outcome.ts';
import { createRunRenderer } from './render/run-renderer.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Shows a run's events as they come and then its outcome, which it returns. Output errors don't disturb the run. */
export async function followRun(
  run: Run,
  terminal: Terminal,
  options: { readonly wanted: 'committed' | 'rolledBack' | 'either'; readonly confirmCommand: string },
): Promise<RunOutcome> {
  const { outPalette: palette, isLive: live, json } = terminal;
  const renderer = createRunRenderer({ palette, live, confirmCommand: options.confirmCommand });
  for await (const event of run) {
    if (json) terminal.object({ event });
    else terminal.out.write(renderer.render(event));
  }
  terminal.out.write(json ? '' : renderer.end());
  const outcome = await run.outcome;
  if (json) terminal.object({ outcome });
  else for (const line of renderOutcome(outcome, options.wanted, palette)) terminal.line(line);
  return outcome;
}
