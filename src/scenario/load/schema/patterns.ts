import * as z from 'zod';
import { effectOperation, errorCode, text, wordOf } from './values.ts';

/** A text between slashes is a pattern; that it is one that can be used, is checked here. */
export function isPattern(said: string): boolean {
  return said.length > 2 && said.startsWith('/') && said.endsWith('/');
}

/** What is wrong with a pattern; null when it can be used. */
export function patternProblem(said: string): string | null {
  if (!isPattern(said)) return null;
  if (said.length > 300) return 'a pattern has at most 300 characters';
  try {
    new RegExp(said.slice(1, -1));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A text, or a pattern between slashes. */
export const textOrPattern = text.refine(said => patternProblem(said) === null, {
  error: ({ input }) => `not a pattern: ${patternProblem(String(input))}`,
});

/** A change by the engine. */
export const engineEffect = z.union(
  [effectOperation, textOrPattern.startsWith('/', 'a pattern')],
  'the name of an effect, or a pattern between slashes',
);

/** `never` and `eventually` of a chart with these states. */
export function patternsOver(states: readonly string[], effect: z.ZodType<string>) {
  const pattern = z
    .strictObject(
      {
        state: wordOf('state', states).optional().describe('Entered; a state names all below it'),
        effect: effect.optional().describe('A change by the engine; of a chart on its own, an actor that it invokes'),
        failure: errorCode.optional().describe('Code of a failure that the run tells'),
        observed: textOrPattern.optional().describe('Something that was waited for'),
      },
      'state, effect, failure or observed',
    )
    .refine(value => Object.values(value).some(one => one !== undefined), {
      error: 'one of state, effect, failure, observed is missing',
    });
  return z.array(pattern, 'a list of what may show').max(100, 'at most 100').default([]);
}
