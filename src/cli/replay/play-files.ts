import type { Failure } from '../../errors.ts';
import { describeFailure, isUplinkError, toFailure } from '../../errors.ts';
import { compareGolden, goldenPath, writeGolden } from '../../scenario/report/golden.ts';
import type { ReplayOptions, ScenarioResult } from '../../scenario/result.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { createRandom } from '../../verify/explore/random.ts';
import { findScenarioFiles } from './find-scenario-files.ts';

/** A file that is no scenario, and why. */
export interface BadFile {
  readonly file: string;
  readonly failure: Failure;
}

/** One round over all files. */
export interface Played {
  readonly results: readonly ScenarioResult[];
  readonly badFiles: readonly BadFile[];
  /** A signal kept some from being played. */
  readonly isStopped: boolean;
}

/** How to play a round. */
export interface PlayOptions {
  readonly load: (file: string) => Promise<readonly Scenario[]>;
  readonly play: (scenario: Scenario, options: ReplayOptions) => Promise<ScenarioResult>;
  /** Shuffles the scenarios' files; undefined keeps them sorted. */
  readonly seed: number | undefined;
  readonly untilState: string | undefined;
  /** Golden time lines: written, compared where there are any, or left alone. */
  readonly golden: 'write' | 'compare' | 'ignore';
  readonly signal: AbortSignal;
  /** Called as each is known; the next one waits for it. */
  readonly onResult: (result: ScenarioResult) => Promise<void>;
  readonly onBadFile: (bad: BadFile) => Promise<void>;
}

/** Plays every scenario of the files and folders, one after another. A file that cannot be read as one is told, and does not stop the others. */
export async function playFiles(paths: readonly string[], options: PlayOptions): Promise<Played> {
  const results: ScenarioResult[] = [];
  const badFiles: BadFile[] = [];
  const onBad = async (file: string, error: unknown): Promise<void> => {
    // What is no failure that somebody has named is a defect of ours, and not of the file.
    if (!isUplinkError(error)) throw error;
    const bad = { file, failure: toFailure(error) };
    badFiles.push(bad);
    await options.onBadFile(bad);
  };
  let isStopped = false;
  const files: string[] = [];
  for (const path of paths) {
    const found = await findScenarioFiles(path).catch(async error => {
      await onBad(path, error);
      return [];
    });
    for (const file of found) if (!files.includes(file)) files.push(file);
  }
  for (const file of options.seed === undefined ? files : shuffle(files, options.seed)) {
    isStopped ||= options.signal.aborted;
    if (isStopped) break;
    const scenarios = await options.load(file).catch(async error => {
      await onBad(file, error);
      return [];
    });
    const ofFile: ScenarioResult[] = [];
    for (const scenario of scenarios) {
      const played = options.signal.aborted ? null : await playOne(scenario, options);
      isStopped ||= played === null;
      if (played === null) break;
      ofFile.push(played);
      results.push(played);
      await options.onResult(played);
    }
    const isWhole = ofFile.length === scenarios.length && ofFile.every(({ skipped }) => skipped === null);
    if (options.golden === 'write' && ofFile.length > 0 && isWhole) {
      await writeGolden(goldenPath(file), ofFile).catch(error => onBad(file, error));
    }
  }
  return { results, badFiles, isStopped };
}

/** Null when a signal came before its end. */
async function playOne(scenario: Scenario, options: PlayOptions): Promise<ScenarioResult | null> {
  const { untilState, signal } = options;
  let result: ScenarioResult;
  try {
    result = await options.play(scenario, { signal, ...(untilState !== undefined && { untilState }) });
  } catch (error) {
    if (signal.aborted) return null;
    // One scenario that we cannot play must not hide what became of the others.
    result = brokenResult(scenario, toFailure(error));
  }
  if (options.golden !== 'compare' || result.skipped !== null) return result;
  const mismatch = await compareGolden(goldenPath(scenario.place.file), result);
  return mismatch === null ? result : { ...result, mismatches: [...result.mismatches, mismatch] };
}

function brokenResult(scenario: Scenario, failure: Failure): ScenarioResult {
  const got = describeFailure(failure);
  const mismatch = { place: scenario.place, what: 'the replay itself', expected: 'an end', got, at: null };
  const nothing = { timeline: [], trace: '', steps: 0, virtualMs: 0, tookMs: 0, skipped: null };
  return { scenario, mismatches: [mismatch], ...nothing };
}

/** Fisher and Yates. */
function shuffle(files: readonly string[], seed: number): readonly string[] {
  const random = createRandom(seed);
  const shuffled = [...files];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const chosen = random.below(last + 1);
    [shuffled[last], shuffled[chosen]] = [shuffled[chosen]!, shuffled[last]!];
  }
  return shuffled;
}
