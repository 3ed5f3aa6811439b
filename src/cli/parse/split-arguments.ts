import { usageError } from './usage-error.ts';

/**
 * Splits a command into its words at white space. `'…'` keeps everything, `"…"` keeps everything but `\"` and `\\`, and `\` outside of
 * quotes keeps the next character. Nothing is expanded. Throws `USAGE` for a quote that does not end.
 */
export function splitArguments(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    const next = text[i + 1];
    if (c === '\\' && quote !== "'" && next !== undefined && (quote === null || next === '"' || next === '\\')) {
      word = (word ?? '') + next;
      i++;
    } else if (c === quote) {
      quote = null;
    } else if (quote === null && (c === '"' || c === "'")) {
      quote = c;
      word ??= '';
    } else if (quote === null && /\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + c;
    }
  }
  if (quote !== null) throw usageError('command with an open quote', { expected: `a closing ${quote}`, got: text });
  if (word !== null) words.push(word);
  return words;
}
