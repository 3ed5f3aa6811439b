import { oneOf, usageError } from './usage-error.ts';

/** Makes a reader for one of a few words. It throws `USAGE` with a near miss for any other. */
export function choiceOf<const T extends string>(what: string, choices: readonly T[]): (text: string) => T {
  return text => {
    const found = choices.find(choice => choice === text);
    if (found !== undefined) return found;
    throw usageError(`unknown ${what}`, { expected: oneOf(choices), got: text, candidates: choices });
  };
}
