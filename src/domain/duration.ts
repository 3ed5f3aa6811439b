const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** setTimeout and the kernel's timers take a signed 32-bit number of ms; a day is far below and more than anyone waits. */
const LONGEST_MS = 86_400_000;

/** A duration, or what is wrong with the text. */
export type ReadDuration =
  | { readonly ms: number }
  | { readonly problem: string; readonly expected: string; readonly advice: string | null };

/** Reads `500ms`, `60s`, `1.5m`, `2h`: from 1 ms to a day. */
export function readDuration(text: string): ReadDuration {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(text);
  const unit = match === null ? undefined : UNITS[match[2]!];
  if (match === null || unit === undefined) {
    return {
      problem: 'cannot read duration',
      expected: 'a number with a unit, like 500ms, 60s or 2m',
      advice: /^\d+$/.test(text) ? `say ${text}s for seconds or ${text}ms for milliseconds` : null,
    };
  }
  const ms = Math.round(Number(match[1]) * unit);
  if (ms >= 1 && ms <= LONGEST_MS) return { ms };
  return { problem: 'duration out of range', expected: 'from 1ms to 24h', advice: null };
}
