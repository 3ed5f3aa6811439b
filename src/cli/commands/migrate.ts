import { type CommandFunction, migrateOptions, withEngine } from '../command-context.ts';
import { confirmCommand } from '../confirm-command.ts';
import { exitCodeOfMigration } from '../exit-code.ts';
import { followRun } from '../follow-run.ts';
import { withStopSignals } from '../with-stop-signals.ts';

/** `migrate`: the move itself. */
export const migrate: CommandFunction = context =>
  withStopSignals(context.terminal, signal =>
    withEngine(context, async engine => {
      const options = await migrateOptions(context.settings);
      const outcome = await followRun(engine.migrate({ ...options, signal }), context.terminal, {
        wanted: 'committed',
        confirmCommand: confirmCommand(options.uplink, context.settings),
      });
      return exitCodeOfMigration(outcome.result);
    }),
  );
