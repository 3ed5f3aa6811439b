import { type CommandFunction, withEngine } from '../command-context.ts';
import { countFindings, renderFindings } from '../render/render-findings.ts';

/** `doctor`: what would go wrong on this host, and what is well; 3 when something would stand in the way. */
export const doctor: CommandFunction = context =>
  withEngine(context, async engine => {
    const { terminal, settings } = context;
    const findings = await engine.doctor(settings.interface);
    if (terminal.json) for (const finding of findings) terminal.object({ finding });
    else {
      for (const line of renderFindings(findings, terminal.outPalette)) terminal.line(line);
      terminal.line(terminal.outPalette.strong(countFindings(findings)));
    }
    return findings.some(finding => finding.severity === 'blocking') ? 3 : 0;
  });
