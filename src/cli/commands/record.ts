import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { realClock } from '../../engine/clock.ts';
import { createEngineIn } from '../../engine/create-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import { openFlightFile } from '../../engine/flight/flight-file.ts';
import { createFlightRecorder } from '../../engine/flight/flight-recorder.ts';
import { chooseGuards } from '../../engine/guard/choose-guards.ts';
import { DEFAULT_STATE_DIR } from '../../engine/host-options.ts';
import { createSurroundings } from '../../engine/surroundings.ts';
import { toFailure, uplinkError } from '../../errors.ts';
import { formatRecording } from '../../scenario/load/format-recording.ts';
import { anonymize } from '../../scenario/recording/anonymize/anonymize.ts';
import { createFlightTape, type FlightTape } from '../../scenario/recording/flight-tape.ts';
import { type FlightRun, parseFlight, readFlight, recordedUplinks } from '../../scenario/recording/read-flight.ts';
import { recordingOf } from '../../scenario/recording/recording-of.ts';
import { type CommandContext, type CommandFunction, requireSetting } from '../command-context.ts';
import { createLogger } from '../create-logger.ts';
import { type ExitCode, exitCodeOfError } from '../exit-code.ts';
import { engineOptions } from '../open-engine.ts';
import { usageError } from '../parse/usage-error.ts';
import { COMMON_SETTINGS, longFlagOf } from '../setting-specs.ts';
import type { Settings } from '../settings.ts';
import { visible } from '../terminal/palette.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Commands that make runs. */
const RECORDABLE = ['migrate', 'restore', 'recover', 'move-link', 'return-link'];

/** `record`: one of our commands, as its command line would do it, and what happened as YAML; or, with `--last`, what happened before. */
export const record: CommandFunction = async context => {
  const { settings, operands = [] } = context;
  const file = requireSetting(settings, 'output');
  if (settings.force !== true && existsSync(file)) {
    throw usageError('there is a file already', { object: file, advice: 'name another one, or overwrite it: --force' });
  }
  if (settings.last === true) {
    if (operands.length > 0) throw usageError('--last runs nothing', { object: operands.join(' ') });
    return await writeLast(context, file);
  }
  refuseOuterSettings(settings);
  if (!RECORDABLE.includes(operands[0] ?? '')) {
    throw usageError('not a command that can be recorded', {
      expected: `-- and one of ${RECORDABLE.join(', ')} with its options, or --last`,
      got: operands[0] ?? 'none',
    });
  }
  return await runAndWrite(context, file);
};

/** What is meant for the recorded command must stand in its own command line: it is parsed by itself. */
function refuseOuterSettings(settings: Settings): void {
  const misplaced = [...COMMON_SETTINGS, 'interface', 'before'] as const;
  const found = misplaced.find(name => name !== 'json' && settings[name] !== undefined);
  if (found === undefined) return;
  throw usageError('option of another command', {
    object: longFlagOf(found),
    advice: 'options of the recorded command stand behind its name: record -o FILE -- migrate …',
  });
}

async function writeLast({ settings, terminal }: CommandContext, file: string): Promise<ExitCode> {
  const stateDir = settings.stateDir ?? DEFAULT_STATE_DIR;
  const uplinks = settings.interface === undefined ? recordedUplinks(stateDir) : [settings.interface];
  const runs = uplinks
    .flatMap(uplink => readFlight(stateDir, uplink))
    .sort((a, b) => (a.head.startedAt < b.head.startedAt ? -1 : 1));
  const before = settings.before ?? 0;
  const run = runs.at(-1 - before);
  if (run === undefined) {
    throw usageError('no such run was recorded', {
      object: stateDir,
      got: `${runs.length} runs`,
      ...(runs.length === 0 && { advice: 'was it run with another --state-dir?' }),
    });
  }
  await write(run, file, settings, terminal);
  // Who asks after a crash means the run that died; by then another one may have put the host back.
  const hasDied = runs.at(-2 - before)?.end === null && run.end !== null;
  if (hasDied && !terminal.json) terminal.line(`the run before it did not come to its end: see --before ${before + 1}`);
  return 0;
}

async function runAndWrite(
  { settings, operands = [], terminal, runCommandLine }: CommandContext,
  file: string,
): Promise<ExitCode> {
  if (runCommandLine === undefined) throw uplinkError('DEFECT', { what: 'no way to run a command line' });
  const tape = createFlightTape();
  const code = await runCommandLine(operands, (inner, innerTerminal) => openEngineOver(tape, inner, innerTerminal));
  const runs = tape.uplinks().flatMap(uplink => parseFlight(tape.text(uplink), uplink));
  if (runs.length === 0) terminal.complain('nothing to record: no run began');
  try {
    for (const [index, run] of runs.entries()) {
      // `recover` makes a run for each journal.
      const own = index === 0 ? file : `${file.replace(/\.ya?ml$/, '')}-${run.uplink}.yaml`;
      await write(run, own, settings, terminal);
    }
  } catch (error) {
    const failure = toFailure(error);
    terminal.complain(`${failure.what} ${file}: ${failure.got ?? ''}`);
    return code === 0 ? exitCodeOfError(failure.code) : code;
  }
  return code;
}

/** The engine of {@link openEngine}, whose recorders write to the tape, too. */
async function openEngineOver(tape: FlightTape, settings: Settings, terminal: Terminal): Promise<Engine> {
  const logger = await createLogger(terminal, settings.logLevel ?? 'warn');
  const options = { ...engineOptions(settings), logger };
  const stateDir = options.stateDir ?? DEFAULT_STATE_DIR;
  const surroundings = createSurroundings(stateDir, chooseGuards(stateDir, options));
  return createEngineIn(
    {
      ...surroundings,
      createFlightRecorder: (uplink, onTrouble) =>
        createFlightRecorder({
          sink: tape.over(uplink, openFlightFile(stateDir, uplink)),
          clock: realClock,
          key: surroundings.newId().slice(0, 8),
          onTrouble,
        }),
    },
    options,
  );
}

async function write(run: FlightRun, file: string, settings: Settings, terminal: Terminal): Promise<void> {
  const name = basename(file).replace(/\.ya?ml$/, '');
  const whole = recordingOf(run, name, file);
  const recording =
    settings.anonymize === true
      ? anonymize(whole, { key: randomBytes(32).toString('hex'), hostNames: namesOfThisHost() })
      : whole;
  try {
    if (settings.force === true) await rm(file, { force: true });
    // It holds addresses; and what lies there under that name by now is not ours to write to.
    await writeFile(file, formatRecording(recording), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw usageError('cannot write the recording', { object: file, got: (error as Error).message });
  }
  if (terminal.json) terminal.object({ recorded: { file, entries: recording.entries.length, end: run.end } });
  else terminal.line(visible(`recorded in ${file}: see \`ovs-uplink replay ${file}\``));
}

function namesOfThisHost(): readonly string[] {
  const name = hostname();
  return [...new Set([name, name.split('.')[0] ?? name])];
}
