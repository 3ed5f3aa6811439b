import { type CommandFunction, requireSetting, withEngine } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { visible } from '../terminal/palette.ts';

/** `confirm`: ends the window of a commit-confirmed run with yes. */
export const confirm: CommandFunction = context =>
  withEngine(context, async (engine): Promise<ExitCode> => {
    const uplink = requireSetting(context.settings, 'interface');
    await engine.confirm(uplink);
    if (context.terminal.json) context.terminal.object({ confirmed: uplink });
    else context.terminal.line(`confirmed: ${visible(uplink)} stays on the bridge`);
    return 0;
  });
