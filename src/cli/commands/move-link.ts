import { FORCIBLE } from '../../domain/move/finding-codes.ts';
import type { MoveLinkOptions } from '../../engine/move/moves.ts';
import { type CommandFunction, linkLists, moveDeadlines, requireSetting, withEngine } from '../command-context.ts';
import { exitCodeOfMove } from '../exit-code.ts';
import { followMove } from '../follow-run.ts';
import type { Settings } from '../settings.ts';
import { withStopSignals } from '../with-stop-signals.ts';

/** `move-link`: a NIC goes into another network namespace. */
export const moveLink: CommandFunction = context =>
  withStopSignals(context.terminal, signal =>
    withEngine(context, async engine => {
      const run = engine.moveLink({ ...optionsOf(context.settings), signal });
      const { result } = await followMove(run, context.terminal, 'inUse');
      return exitCodeOfMove(result);
    }),
  );

function optionsOf(settings: Settings): MoveLinkOptions {
  const { name, keepAddresses, up, way, accept = [], force = false } = settings;
  const links = linkLists(settings);
  return {
    link: requireSetting(settings, 'interface'),
    netns: requireSetting(settings, 'netns'),
    ...(name !== undefined && { name }),
    ...(keepAddresses !== undefined && { keepAddresses }),
    ...(up !== undefined && { up }),
    ...(way !== undefined && { way }),
    ...(links.length > 0 && { links }),
    accept: force ? [...accept, ...FORCIBLE] : accept,
    ...moveDeadlines(settings),
  };
}
