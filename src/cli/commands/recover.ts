import type { MoveOutcome } from '../../engine/move/run.ts';
import type { RunOutcome } from '../../engine/run.ts';
import { type CommandFunction, deadlineOptions, moveDeadlines, withEngine } from '../command-context.ts';
import { confirmCommand } from '../confirm-command.ts';
import { exitCodeOfRecovery } from '../exit-code.ts';
import { followMove, followRun } from '../follow-run.ts';
import { withStopSignals } from '../with-stop-signals.ts';

/** `recover`: brings every journal to committed or rolled back, and every link home whose move has died. */
export const recover: CommandFunction = context =>
  withStopSignals(context.terminal, signal =>
    withEngine(context, async engine => {
      const { terminal, settings } = context;
      const runs = await engine.recover({ signal, ...deadlineOptions(settings) });
      const moves = await engine.recoverMoves(moveDeadlines(settings));
      if (runs.length + moves.length === 0 && !terminal.json) terminal.line('nothing to recover');
      const outcomes: (RunOutcome | MoveOutcome)[] = [];
      for (const run of runs) {
        const command = confirmCommand('INTERFACE', settings);
        outcomes.push(await followRun(run, terminal, { wanted: 'either', confirmCommand: command }));
      }
      for (const move of moves) outcomes.push(await followMove(move, terminal, 'restored'));
      return exitCodeOfRecovery(outcomes);
    }),
  );
