import { describeFailure } from '../../errors.ts';
import { type CommandFunction, withEngine } from '../command-context.ts';
import { visible } from '../terminal/palette.ts';

/** `wait-ovs`: the readiness gate alone; 6 when the time passes. A stop signal simply ends it: it changes nothing. */
export const waitOvs: CommandFunction = context =>
  withEngine(context, async engine => {
    const { terminal, settings } = context;
    const { bridge, timeout, clearFlowRestoreWait } = settings;
    const palette = terminal.outPalette;
    const report = await engine.waitForOvs({
      ...(bridge !== undefined && { bridge }),
      ...(timeout !== undefined && { timeoutMs: timeout }),
      ...(clearFlowRestoreWait !== undefined && { clearFlowRestoreWait }),
      onProgress: entry => {
        if (terminal.json) terminal.object({ progress: entry });
        else terminal.line(`${palette.dim(`+${entry.atMs.toFixed(1)}ms`.padStart(10))} ${visible(entry.text)}`);
      },
    });
    if (terminal.json) terminal.object({ readiness: report });
    else if (report.ready) terminal.line(palette.good('ready'));
    else {
      const why = report.failure === null ? '' : `: ${describeFailure(report.failure)}`;
      terminal.line(palette.bad(visible(`not ready${why}`)));
    }
    return report.ready ? 0 : 6;
  });
