import { readFile, writeFile } from 'node:fs/promises';
import { uplinkError } from '../../errors.ts';
import type { Mismatch, ScenarioResult, TimelineEntry } from '../result.ts';
import { describeEntry } from './entry-text.ts';

const HEAD =
  '# Golden time line, written by `ovs-uplink replay --update`; compared by each replay of the file beside it.';
const TITLE = '== ';

/** Where the golden time lines of a file of scenarios stand: beside it. */
export function goldenPath(file: string): string {
  return `${file.replace(/\.ya?ml$/, '')}.golden`;
}

/** Writes the time lines of all results of one file. Rejects with `USAGE` where it cannot. */
export async function writeGolden(path: string, results: readonly ScenarioResult[]): Promise<void> {
  const parts = results.map(({ scenario, timeline }) => [`${TITLE}${scenario.name}`, ...timeline.map(formatEntry)]);
  try {
    await writeFile(path, `${[HEAD, ...parts.flat()].join('\n')}\n`);
  } catch (error) {
    throw uplinkError('USAGE', {
      what: 'cannot write the golden time line',
      object: path,
      got: (error as Error).message,
    });
  }
}

/**
 * The first line in which a result differs from its golden time line; null when there is none, or no golden file. A file that has golden time
 * lines has one of each of its scenarios.
 */
export async function compareGolden(path: string, result: ScenarioResult): Promise<Mismatch | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? null : differs(path, 1, 'a golden time line that can be read', message, null);
  }
  const lines = text.split('\n');
  const title = lines.indexOf(`${TITLE}${result.scenario.name}`);
  if (title < 0)
    return differs(path, 1, `a golden time line of ${result.scenario.name}`, 'none: replay --update', null);
  const rest = lines.slice(title + 1);
  const length = rest.findIndex(line => line === '' || line.startsWith(TITLE));
  const golden = length < 0 ? rest : rest.slice(0, length);
  const got = result.timeline.map(formatEntry);
  const at = Array.from({ length: Math.max(golden.length, got.length) }).findIndex((_, i) => golden[i] !== got[i]);
  if (at < 0) return null;
  return differs(path, title + 2 + at, golden[at] ?? END, got[at] ?? END, at < got.length ? at : null);
}

const END = 'the end of the time line';

function differs(file: string, line: number, expected: string, got: string, at: number | null): Mismatch {
  return { place: { file, line, column: 1 }, what: 'the golden time line', expected, got, at };
}

/** One line, whatever the text holds: a golden file is read by lines. */
function formatEntry(entry: TimelineEntry): string {
  const text = JSON.stringify(describeEntry(entry).text).slice(1, -1).replaceAll('\\"', '"');
  return `${entry.atMs.toFixed(3).padStart(12)} ${entry.type.padEnd(9)} ${text}`;
}
