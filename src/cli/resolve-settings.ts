import { parseRemotes } from '../ovsdb/remote.ts';
import { usageError } from './parse/usage-error.ts';
import { longFlagOf, SETTING_SPECS } from './setting-specs.ts';
import type { SettingName, Settings } from './settings.ts';

/**
 * Puts the command line over the configuration file and checks what only both together can show. Rejects with `USAGE`; the file is read
 * (and its libraries are loaded) only when there is one.
 */
export async function resolveSettings(
  given: Settings,
  configPath: string | undefined,
  required: readonly SettingName[],
): Promise<Settings> {
  const { loadConfig } = configPath === undefined ? { loadConfig: undefined } : await import('./config/load-config.ts');
  const fromFile = loadConfig === undefined ? {} : await loadConfig(configPath!);
  const settings = { ...fromFile, ...given };
  const missing = required.filter(name => settings[name] === undefined);
  if (missing.length > 0) {
    const asked = missing.map(name => SETTING_SPECS[name].flags).join(' and ');
    const inFile = configPath === undefined ? '' : `, or ${missing.join(' and ')} in ${configPath}`;
    throw usageError(missing.length === 1 ? 'missing option' : 'missing options', { expected: asked + inFile });
  }
  if (settings.bridge !== undefined && settings.bridge === settings.interface) {
    throw usageError('interface and bridge with the same name', { expected: 'two names', got: settings.bridge });
  }
  requireCertificates(settings);
  return settings;
}

function requireCertificates(settings: Settings): void {
  const { ovsdb, privateKey, certificate, caCert } = settings;
  const files = { privateKey, certificate, caCert };
  const overTls = ovsdb !== undefined && parseRemotes(ovsdb).some(remote => remote.transport === 'ssl');
  const anyGiven = Object.values(files).some(file => file !== undefined);
  if (!overTls && !anyGiven) return;
  for (const name of ['privateKey', 'certificate', 'caCert'] as const) {
    if (files[name] !== undefined) continue;
    const why = overTls ? 'ssl: takes all of them' : 'certificates come together';
    throw usageError('missing option', {
      object: longFlagOf(name),
      expected: '--private-key, --certificate and --ca-cert',
      advice: why,
    });
  }
}
