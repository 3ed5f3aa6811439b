import { type CommandFunction, deadlineOptions, requireSetting, withEngine } from '../command-context.ts';
import { confirmCommand } from '../confirm-command.ts';
import { exitCodeOfRestore } from '../exit-code.ts';
import { followRun } from '../follow-run.ts';
import { withStopSignals } from '../with-stop-signals.ts';

/** `restore`: takes a committed migration back. */
export const restore: CommandFunction = context =>
  withStopSignals(context.terminal, signal =>
    withEngine(context, async engine => {
      const uplink = requireSetting(context.settings, 'interface');
      const { accept } = context.settings;
      const options = { ...deadlineOptions(context.settings), ...(accept !== undefined && { accept }) };
      const run = engine.restore({ uplink, signal, ...options });
      const outcome = await followRun(run, context.terminal, {
        wanted: 'rolledBack',
        confirmCommand: confirmCommand(uplink, context.settings),
      });
      return exitCodeOfRestore(outcome.result);
    }),
  );
