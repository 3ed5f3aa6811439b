import { type CommandFunction, migrateOptions, withEngine } from '../command-context.ts';
import { countFindings, renderFindings } from '../render/render-findings.ts';
import { renderSteps } from '../render/render-plan.ts';
import { visible } from '../terminal/palette.ts';

/** `plan`: what `migrate` would find and do, and the way back. */
export const plan: CommandFunction = context =>
  withEngine(context, async engine => {
    const { terminal } = context;
    const report = await engine.plan(await migrateOptions(context.settings));
    const code = report.refused ? 3 : 0;
    if (terminal.json) {
      terminal.object({ plan: report });
      return code;
    }
    const { request, findings, steps, alreadyDone, refused } = report;
    const palette = terminal.outPalette;
    const what = `${request.uplink} onto ${request.bridge}, layout ${request.layout}`;
    terminal.line(palette.strong(visible(`${what}: ${countFindings(findings)}`)));
    for (const line of renderFindings(findings, palette)) terminal.line(line);
    if (refused) terminal.line(palette.bad('would be refused: nothing would be changed'));
    else if (alreadyDone) terminal.line(palette.good('is done already: nothing to do'));
    for (const line of renderSteps(steps ?? [], palette)) terminal.line(line);
    return code;
  });
