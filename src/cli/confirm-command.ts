import type { Settings } from './settings.ts';

/** The command that confirms a run with these settings, as a person may paste it. */
export function confirmCommand(uplink: string, settings: Settings): string {
  const stateDir = settings.stateDir === undefined ? '' : ` --state-dir ${quoteForShell(settings.stateDir)}`;
  return `ovs-uplink confirm -i ${quoteForShell(uplink)}${stateDir}`;
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
