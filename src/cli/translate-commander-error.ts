import type { CommanderError } from 'commander';
import type { UplinkError } from '../errors.ts';
import { COMMANDS } from './command-table.ts';
import { oneOf, usageError } from './parse/usage-error.ts';
import { COMMON_SETTINGS, longFlagOf } from './setting-specs.ts';

const COMMAND_NAMES = COMMANDS.map(command => command.name);

/** Commander's error as ours; undefined where it is none (the help or the version was shown). */
export function translateCommanderError(error: CommanderError, argv: readonly string[]): UplinkError | undefined {
  const message = error.message.replace(/^error: /, '');
  const quoted = /'(.*)'/s.exec(message)?.[1];
  const command = COMMANDS.find(({ name }) => argv.includes(name));
  const seeHelp = `see ovs-uplink ${command === undefined ? '' : `${command.name} `}--help`;
  switch (error.code) {
    case 'commander.helpDisplayed':
    case 'commander.version':
      return undefined;
    case 'commander.help':
      if (error.exitCode === 0) return undefined;
      if (argv[0] === 'help' && argv[1] !== undefined) return unknownCommand(argv[1]);
      return usageError('no command given', { expected: oneOf(COMMAND_NAMES), advice: seeHelp });
    case 'commander.unknownCommand':
      return unknownCommand(quoted ?? message);
    case 'commander.unknownOption': {
      const flags = [...(command?.settings ?? []), ...COMMON_SETTINGS].map(longFlagOf);
      return usageError(command === undefined ? 'unknown option' : `unknown option of ${command.name}`, {
        got: (quoted ?? message).split('=')[0]!,
        candidates: [...flags, '--config', '--help', '--version'],
      });
    }
    case 'commander.optionMissingArgument': {
      const value = /<(.+)>/.exec(quoted ?? '')?.[1] ?? 'value';
      return usageError('option without its value', { object: quoted ?? message, expected: `a ${value} after it` });
    }
    case 'commander.excessArguments':
      return usageError('unexpected argument', {
        expected: 'options only, like -i INTERFACE',
        got: /got \d+: (.*)\.$/s.exec(message)?.[1] ?? message,
        advice: seeHelp,
      });
    default:
      return usageError(message, { advice: seeHelp });
  }
}

function unknownCommand(got: string): UplinkError {
  return usageError('unknown command', { got, candidates: COMMAND_NAMES });
}
