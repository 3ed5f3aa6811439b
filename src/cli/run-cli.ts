import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import type { Engine } from '../engine/engine.ts';
import { describeFailure, toFailure } from '../errors.ts';
import { buildProgram, type Invocation } from './build-program.ts';
import { type ExitCode, exitCodeOfError } from './exit-code.ts';
import { openEngine } from './open-engine.ts';
import { resolveSettings } from './resolve-settings.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal/terminal.ts';
import { translateCommanderError } from './translate-commander-error.ts';

/** Runs one command line (without the program's own name) and returns the exit code. Never rejects. */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  createEngine: (settings: Settings, terminal: Terminal) => Promise<Engine> = openEngine,
): Promise<ExitCode> {
  try {
    const invocation = parseCommandLine(argv, terminal);
    if (invocation === undefined) return 0;
    const { command, given, operands, configPath } = invocation;
    const settings = await resolveSettings(given, configPath, command.required);
    const run = await command.load();
    // A configuration file may ask for JSON, too.
    const json = settings.json === true;
    const chosen = json === terminal.json ? terminal : terminal.withJson(json);
    return await run({
      settings,
      operands,
      terminal: chosen,
      openEngine: () => createEngine(settings, chosen),
      runCommandLine: (inner, make) => runCli(inner, chosen, make),
    });
  } catch (error) {
    return report(error, terminal);
  }
}

/** Tells of an error that ended a command: one line, or the stack where it is a defect of ours. */
export function report(error: unknown, terminal: Terminal): ExitCode {
  const failure = toFailure(error);
  if (terminal.json) terminal.object({ failure });
  if (failure.code === 'DEFECT') {
    terminal.complain(`unexpected exception, a defect of ovs-uplink; please report this with the lines below`);
    for (const line of (failure.got ?? failure.what).split('\n')) terminal.complain(line);
  } else {
    terminal.complain(describeFailure(failure));
  }
  return exitCodeOfError(failure.code);
}

function parseCommandLine(argv: readonly string[], terminal: Terminal): Invocation | undefined {
  let invocation: Invocation | undefined;
  const program = buildProgram({
    version: readVersion(),
    writeOut: text => terminal.out.write(text),
    invoke: invoked => {
      invocation = invoked;
    },
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const translated = translateCommanderError(error, argv);
    if (translated !== undefined) throw translated;
  }
  return invocation;
}

/** The version in package.json, which is two folders up from the sources and three from the build. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (name === 'ovs-uplink') return String(version);
    } catch {
      // Not here; the other place has it.
    }
  }
  return 'unknown';
}
