import { readFile } from 'node:fs/promises';
import type { Place } from '../scenario.ts';

/** Longer lines are cut around the column. */
const MAX_COLUMNS = 100;

/** The line of a file that a place names, and where in {@link text} its caret belongs, from 0. */
export interface SourceLine {
  readonly text: string;
  readonly caret: number;
}

/** Reads the line that something was written in; null where the file (an edited one, a text without a file) has it no more. */
export async function readSourceLine({ file, line, column }: Place): Promise<SourceLine | null> {
  let source: string;
  try {
    source = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  const text = source.split(/\r?\n/)[line - 1];
  if (text === undefined) return null;
  const caret = Math.min(Math.max(column - 1, 0), text.length);
  if (text.length <= MAX_COLUMNS) return { text, caret };
  const from = Math.max(0, Math.min(caret - MAX_COLUMNS / 2, text.length - MAX_COLUMNS));
  return { text: text.slice(from, from + MAX_COLUMNS), caret: caret - from };
}

/** `file:line:column`, as editors take it. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
