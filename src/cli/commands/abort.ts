import { type CommandFunction, requireSetting, withEngine } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { visible } from '../terminal/palette.ts';

/** `abort`: asks a run in another process to roll back. */
export const abort: CommandFunction = context =>
  withEngine(context, async (engine): Promise<ExitCode> => {
    const uplink = requireSetting(context.settings, 'interface');
    await engine.abort(uplink);
    if (context.terminal.json) context.terminal.object({ aborted: uplink });
    else context.terminal.line(`told: ${visible(uplink)} is being rolled back by the process that works on it`);
    return 0;
  });
