import { readDuration } from '../../domain/duration.ts';
import { usageError } from './usage-error.ts';

/** Reads `500ms`, `60s`, `1.5m`, `2h` as ms. Throws `USAGE` for anything else, for less than 1 ms and for more than a day. */
export function parseDuration(text: string): number {
  const read = readDuration(text);
  if ('ms' in read) return read.ms;
  const { problem, expected, advice } = read;
  throw usageError(problem, { expected, got: text, ...(advice === null ? {} : { advice }) });
}

/** `4.1 ms`, `12.3 s`, `2m 05s`: three figures, for people. */
export function formatDuration(ms: number): string {
  if (ms < 999.95) return `${ms.toFixed(1)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}
