import { type CommandFunction, moveDeadlines, requireSetting, withEngine } from '../command-context.ts';
import { exitCodeOfReturn } from '../exit-code.ts';
import { followMove } from '../follow-run.ts';
import { withStopSignals } from '../with-stop-signals.ts';

/** `return-link`: a NIC that was moved comes home. */
export const returnLink: CommandFunction = context =>
  // There is no way back from a way back: the first signal is answered, and nothing is left half done.
  withStopSignals(context.terminal, () =>
    withEngine(context, async engine => {
      const link = requireSetting(context.settings, 'interface');
      const run = engine.returnLink({ link, ...moveDeadlines(context.settings) });
      const { result } = await followMove(run, context.terminal, 'restored');
      return exitCodeOfReturn(result);
    }),
  );
