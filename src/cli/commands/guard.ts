import { closeInheritedFiles } from '../../engine/guard/inherited-files.ts';
import type { CommandFunction } from '../command-context.ts';
import { requireSetting } from '../command-context.ts';
import { engineOptions } from '../open-engine.ts';

/** `guard`: the process that a run starts beside itself; see `src/engine/guard`. Its words go to its log file: nobody sees its output. */
export const guard: CommandFunction = async ({ settings }) => {
  closeInheritedFiles();
  const [{ standGuard }, { createGuardLog }, { createLinuxHost }, { hostOptions, DEFAULT_STATE_DIR }, { realClock }] =
    await Promise.all([
      import('../../engine/guard/stand-guard.ts'),
      import('../../engine/guard/guard-log.ts'),
      import('../../host/linux-host.ts'),
      import('../../engine/host-options.ts'),
      import('../../engine/clock.ts'),
    ]);
  const uplink = requireSetting(settings, 'interface');
  const stateDir = settings.stateDir ?? DEFAULT_STATE_DIR;
  const logger = createGuardLog(stateDir, uplink);
  process.prependListener('uncaughtException', err => logger.fatal({ interface: uplink, err }, 'the guard failed'));
  const host = createLinuxHost(hostOptions(engineOptions(settings)));
  const result = await standGuard({ uplink, stateDir, host, clock: realClock, logger });
  return result === 'failed' ? 5 : 0;
};
