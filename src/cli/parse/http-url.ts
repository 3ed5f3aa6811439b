import { usageError } from './usage-error.ts';

/** Reads an address of a web page. Throws `USAGE` for anything else. */
export function parseHttpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw usageError('not an address of a page', { expected: 'one like https://stately.ai/inspect', got: text });
}
