import { usageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** setTimeout and the kernel's timers take a signed 32-bit number of ms; a day is far below and more than anyone waits. */
const LONGEST_MS = 86_400_000;

/** Reads `500ms`, `60s`, `1.5m`, `2h` as ms. Throws `USAGE` for anything else, for less than 1 ms and for more than a day. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(text);
  const unit = match === null ? undefined : UNITS[match[2]!];
  if (match === null || unit === undefined) {
    throw usageError('cannot read duration', {
      expected: 'a number with a unit, like 500ms, 60s or 2m',
      got: text,
      ...(/^\d+$/.test(text) ? { advice: `say ${text}s for seconds or ${text}ms for milliseconds` } : {}),
    });
  }
  const ms = Math.round(Number(match[1]) * unit);
  if (ms < 1 || ms > LONGEST_MS) {
    throw usageError('duration out of range', { expected: 'from 1ms to 24h', got: text });
  }
  return ms;
}

/** `4.1 ms`, `12.3 s`, `2m 05s`: three figures, for people. */
export function formatDuration(ms: number): string {
  if (ms < 999.95) return `${ms.toFixed(1)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}
