import { Command, Option } from 'commander';
import { isUplinkError, uplinkError } from '../errors.ts';
import { COMMANDS, type CommandSpec } from './command-table.ts';
import { usageError } from './parse/usage-error.ts';
import { COMMON_SETTINGS, longFlagOf, SETTING_SPECS } from './setting-specs.ts';
import type { SettingName, Settings } from './settings.ts';

/** What was given on a command line that is right so far. */
export interface Invocation {
  readonly command: CommandSpec;
  readonly given: Settings;
  /** Arguments that are no options. */
  readonly operands: readonly string[];
  readonly configPath: string | undefined;
}

const EXIT_CODES = `
Exit codes: 0 done · 1 a defect of ours · 2 bad usage or configuration · 3 refused, nothing changed ·
4 rolled back, the host is as before · 5 stranded, a person is needed · 6 a deadline passed while only waiting.`;

/** Builds the command line. `writeOut` takes the help; `invoke` is called once when the command line is right. */
export function buildProgram(options: {
  readonly version: string;
  readonly writeOut: (text: string) => void;
  readonly invoke: (invocation: Invocation) => void;
}): Command {
  const program = new Command('ovs-uplink')
    .description(
      "Move a Linux host's uplink onto an Open vSwitch bridge without losing a packet, or put everything back.",
    )
    .version(options.version)
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: options.writeOut,
      writeErr: () => {},
      getOutHelpWidth: () => 100,
      getOutHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES);
  program.addOption(
    new Option('-c, --config <file>', 'settings in YAML; keys are the long options in camelCase').argParser(
      onlyOnce('--config'),
    ),
  );
  addSettings(program, COMMON_SETTINGS);
  for (const command of COMMANDS) {
    const subcommand = program.command(command.name, { hidden: command.hidden === true }).description(command.summary);
    if (command.operands !== undefined) {
      const { name, description, optional } = command.operands;
      subcommand.argument(optional === true ? `[${name}...]` : `<${name}...>`, description);
    }
    addSettings(subcommand, command.settings, command.descriptions);
    subcommand.action(() => {
      const { config, ...common } = program.opts<Settings & { config?: string }>();
      const given = { ...common, ...subcommand.opts<Settings>() };
      options.invoke({ command, given, operands: subcommand.args, configPath: config });
    });
  }
  return program;
}

function addSettings(
  command: Command,
  names: readonly SettingName[],
  descriptions: Readonly<Partial<Record<SettingName, string>>> = {},
): void {
  for (const name of names) {
    const { flags, description, parse, repeatable } = SETTING_SPECS[name];
    const flag = longFlagOf(name);
    const option = new Option(flags, descriptions[name] ?? description);
    command.addOption(option);
    if (parse === undefined) {
      // The command line wins over the configuration file in both directions.
      command.addOption(new Option(`--no-${flag.slice(2)}`).hideHelp());
      continue;
    }
    const once = onlyOnce(flag);
    option.argParser((text: string, previous: unknown) => {
      if (repeatable !== true) once(text, previous);
      const value = withFlag(flag, () => parse(text));
      return repeatable === true ? [...((previous as readonly unknown[] | undefined) ?? []), value] : value;
    });
  }
}

function onlyOnce(flag: string): (text: string, previous: unknown) => string {
  return (text, previous) => {
    if (previous === undefined) return text;
    throw usageError('option given twice', { object: flag, expected: 'one value', got: text });
  };
}

/** Says which option a value that cannot be read belongs to. */
function withFlag<T>(flag: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isUplinkError(error)) throw error;
    const { object, ...rest } = error.details;
    throw uplinkError(error.code, { ...rest, object: object === undefined ? flag : `${flag} ${object}` }, error);
  }
}
