import { usageError } from './usage-error.ts';

/** A reader of whole numbers in a range. It throws `USAGE` for anything else. */
export function countOf(what: string, least: number, most: number): (text: string) => number {
  return text => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw usageError(`not a ${what}`, { expected: `a whole number from ${least} to ${most}`, got: text });
  };
}
