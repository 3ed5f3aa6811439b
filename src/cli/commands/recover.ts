import type { RunOutcome } from '../../engine/run.ts';
import { type CommandFunction, deadlineOptions, withEngine } from '../command-context.ts';
import { confirmCommand } from '../confirm-command.ts';
import { exitCodeOfRecovery } from '../exit-code.ts';
import { followRun } from '../follow-run.ts';
import { withStopSignals } from '../with-stop-signals.ts';

/** `recover`: brings every journal to committed or rolled back. */
export const recover: CommandFunction = context =>
  withStopSignals(context.terminal, signal =>
    withEngine(context, async engine => {
      const { terminal, settings } = context;
      const runs = await engine.recover({ signal, ...deadlineOptions(settings) });
      if (runs.length === 0 && !terminal.json) terminal.line('nothing to recover');
      const outcomes: RunOutcome[] = [];
      for (const run of runs) {
        const command = confirmCommand('INTERFACE', settings);
        outcomes.push(await followRun(run, terminal, { wanted: 'either', confirmCommand: command }));
      }
      return exitCodeOfRecovery(outcomes);
    }),
  );
