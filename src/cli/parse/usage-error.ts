import { nearMiss } from '../../domain/near-miss.ts';
import type { UplinkError } from '../../errors.ts';
import { uplinkError } from '../../errors.ts';

/** A `USAGE` error: what is wrong, what was expected, what was given, and the candidate that was probably meant. */
export function usageError(
  what: string,
  details: {
    readonly object?: string;
    readonly expected?: string;
    readonly got?: string;
    readonly advice?: string;
    /** Where to look for a near miss of `got`. All of them are what was expected where `expected` is absent and none is near. */
    readonly candidates?: readonly string[];
  },
): UplinkError {
  const { candidates, advice, expected, ...rest } = details;
  const meant = candidates === undefined || rest.got === undefined ? undefined : nearMiss(rest.got, candidates);
  const said = meant === undefined ? advice : `did you mean ${meant}?`;
  const wanted = expected ?? (meant === undefined && candidates !== undefined ? oneOf(candidates) : undefined);
  return uplinkError('USAGE', {
    what,
    ...rest,
    ...(wanted !== undefined && { expected: wanted }),
    ...(rest.got !== undefined && { got: quote(rest.got) }),
    ...(said !== undefined && { advice: said }),
  });
}

/** `a, b or c` */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** Quotes what a user gave, shortened and without control characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}
