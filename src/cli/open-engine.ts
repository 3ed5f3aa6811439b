import type { Engine, EngineOptions } from '../engine/engine.ts';
import { createLogger } from './create-logger.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Makes the engine that the settings describe; its code is loaded only now. */
export async function openEngine(settings: Settings, terminal: Terminal): Promise<Engine> {
  const [{ createEngine }, logger] = await Promise.all([
    import('../engine/create-engine.ts'),
    createLogger(terminal, settings.logLevel ?? 'warn'),
  ]);
  return createEngine({ ...engineOptions(settings), logger });
}

/** The engine's options for these settings, without the logger. */
export function engineOptions(settings: Settings): EngineOptions {
  const { ovsdb, unixctl, stateDir, privateKey, certificate, caCert, guard } = settings;
  const tls =
    privateKey === undefined || certificate === undefined || caCert === undefined
      ? undefined
      : { key: privateKey, cert: certificate, ca: caCert };
  return {
    ...(ovsdb !== undefined && { ovsdb }),
    ...(unixctl !== undefined && { unixctl }),
    ...(stateDir !== undefined && { stateDir }),
    ...(tls !== undefined && { tls }),
    ...(guard !== undefined && { guard }),
    // Nobody but this command is in the process: a guard may end it.
    onHang: 'kill',
  };
}
