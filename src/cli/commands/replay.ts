import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describeFailure } from '../../errors.ts';
import { createHostReader } from '../../scenario/load/host-reader.ts';
import { loadScenarios } from '../../scenario/load/load-scenario.ts';
import { replay as replaySimulated } from '../../scenario/replay.ts';
import { formatJunit } from '../../scenario/report/junit.ts';
import type { ReplayOptions, ScenarioResult } from '../../scenario/result.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { CommandContext, CommandFunction } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { usageError } from '../parse/usage-error.ts';
import { type Played, playFiles } from '../replay/play-files.ts';
import { tellBadFile, tellResult, tellSummary } from '../replay/tell-played.ts';
import { watchFiles } from '../replay/watch-files.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { visible } from '../terminal/palette.ts';

/**
 * `replay`: plays scenarios. 0 when all went as expected, 1 when one did not, 2 when a file is no scenario (the others are played), 3 where nothing
 * could be run at all, 6 when a signal came before the end. With `--watch` it ends with a signal, and with what the last round came to.
 */
export const replay: CommandFunction = async context => {
  const { settings, terminal, operands = [] } = context;
  refuseContradictions(context);
  const needs = settings.on === 'lab' ? await needsOfLab() : [];
  if (needs.length > 0) {
    terminal.complain('no lab can be made here');
    if (terminal.json) terminal.object({ needs });
    else for (const need of needs) terminal.line(`  ${visible(need)}`);
    return 3;
  }
  const watch = settings.watch === true ? await watchFiles(operands) : undefined;
  const stop = catchStopSignals({
    onFirst: name => settings.watch !== true && terminal.complain(`${name}: stopping`),
    onLater: name => terminal.complain(`${name} ignored: stopping already`),
  });
  const { signal } = stop;
  try {
    let code: ExitCode | undefined;
    for (;;) {
      const played = await playRound(context, signal);
      // A round that a signal cut short says nothing of the scenarios.
      if (code === undefined || !played.isStopped) code = exitCodeOf(played);
      if (watch === undefined || signal.aborted) return code;
      if (!terminal.json) terminal.line(terminal.outPalette.dim('waiting for a change; Ctrl-C ends'));
      await watch.changed(signal);
      if (signal.aborted) return code;
    }
  } finally {
    watch?.stop();
    stop.stop();
  }
};

function refuseContradictions({ settings, operands = [] }: CommandContext): void {
  const { on, until, update } = settings;
  const given = [
    ...(update === true ? ['--update'] : []),
    ...(until === undefined ? [] : ['--until']),
    ...(on === 'lab' ? ['--on lab'] : []),
  ];
  if (given.length > 1) {
    const expected = '--update of whole time lines in virtual time, --until in virtual time, or --on lab';
    throw usageError('options that exclude each other', { object: given.join(' '), expected });
  }
  const empty = operands.find(operand => operand === '');
  if (empty !== undefined) throw usageError('not a path', { expected: 'a file or folder', got: empty });
}

async function playRound({ settings, terminal, operands = [] }: CommandContext, signal: AbortSignal): Promise<Played> {
  const { until, verbose = false } = settings;
  // The time line of one scenario is what was asked for; those of many would hide what became of them.
  let isAlone = false;
  // A new one for each round: a description may have changed, too.
  const hosts = createHostReader();
  const startedAt = performance.now();
  const golden =
    settings.update === true ? 'write' : settings.on === 'lab' || until !== undefined ? 'ignore' : 'compare';
  const played = await playFiles(operands, {
    async load(file) {
      const scenarios = await loadScenarios(file, hosts);
      isAlone = operands.length === 1 && resolve(operands[0]!) === resolve(file) && scenarios.length === 1;
      return scenarios;
    },
    play: settings.on === 'lab' ? playOnLab : replaySimulated,
    seed: settings.seed,
    untilState: until,
    golden,
    signal,
    onResult: result => tellResult(terminal, result, { withTimeline: isAlone || verbose, verbose }),
    onBadFile: bad => tellBadFile(terminal, bad),
  });
  tellSummary(terminal, played, performance.now() - startedAt);
  if (until !== undefined && !played.results.some(result => hasEntered(result, until))) {
    terminal.complain(`no scenario enters ${until}`);
  }
  if (settings.junit !== undefined) await writeReport(settings.junit, played);
  return played;
}

function hasEntered({ timeline }: ScenarioResult, state: string): boolean {
  return timeline.some(entry => entry.type === 'state' && `${entry.state}.`.startsWith(`${state}.`));
}

function exitCodeOf({ results, badFiles, isStopped }: Played): ExitCode {
  if (badFiles.length > 0) return 2;
  if (results.some(({ mismatches }) => mismatches.length > 0)) return 1;
  if (isStopped) return 6;
  return results.every(({ skipped }) => skipped !== null) ? 3 : 0;
}

async function writeReport(path: string, { results, badFiles }: Played): Promise<void> {
  const bad = badFiles.map(({ file, failure }) => ({ file, message: describeFailure(failure) }));
  try {
    await writeFile(resolve(path), formatJunit({ results, badFiles: bad }));
  } catch (error) {
    throw usageError('cannot write the report', { object: path, got: (error as Error).message });
  }
}

async function needsOfLab(): Promise<readonly string[]> {
  const { labNeeds } = await import('../../../test/lab/lab.ts');
  return labNeeds();
}

async function playOnLab(scenario: Scenario, options: ReplayOptions): Promise<ScenarioResult> {
  const { replayOnLab } = await import('../../scenario/lab/replay-on-lab.ts');
  return await replayOnLab(scenario, options);
}
