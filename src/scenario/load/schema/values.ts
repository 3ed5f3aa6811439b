import { constants } from 'node:os';
import * as z from 'zod';
import { readDuration } from '../../../domain/duration.ts';
import { NotationError } from '../../../host/simulated/description/ip-words.ts';
import { ERROR_CODES } from '../vocabulary/error-codes.ts';
import { EFFECT_OPERATIONS } from '../vocabulary/operations.ts';

export const flag = z.boolean('true or false');
export const text = z.string('a text').min(1, 'a text that is not empty');
export const count = z.int('a whole number').min(1, '1 or more').max(1_000_000, 'at most 1000000');

/** A word of a closed list; `title` says what the word is, in errors and in editors. */
export function wordOf(title: string, words: readonly string[], expected = `a known ${title}`) {
  return z.enum(words as [string, ...string[]], expected).meta({ title });
}

/** `300ms`, `2s`: ms afterwards. */
export const duration = z
  .string('a duration like 300ms or 2s')
  .meta({ title: 'duration', pattern: '^\\d{1,9}(\\.\\d{1,6})?(ms|s|m|h)$', examples: ['300ms', '2s'] })
  .transform((said, context) => {
    const read = readDuration(said);
    if ('ms' in read) return read.ms;
    const { problem, expected, advice } = read;
    const params = { expected, got: said, ...(advice === null ? {} : { advice }) };
    context.issues.push({ code: 'custom', input: said, message: problem, params });
    return z.NEVER;
  });

/** A line that `ip` would take: checked, and kept as it is. */
export function lineOf(parse: (line: string) => unknown) {
  return text.refine(said => noticeOf(parse, said) === null, {
    error: issue => noticeOf(parse, String(issue.input)) ?? '',
  });
}

function noticeOf(parse: (line: string) => unknown, said: string): string | null {
  try {
    parse(said);
    return null;
  } catch (error) {
    if (error instanceof NotationError) return error.message;
    throw error;
  }
}

export const errorCode = wordOf('error code', ERROR_CODES);
export const errnoName = wordOf('errno', Object.keys(constants.errno), 'a name like EEXIST');
export const effectOperation = wordOf('effect', EFFECT_OPERATIONS);

const said = z.string('a text').optional();
const details = {
  what: said,
  object: said,
  expected: said,
  got: said,
  advice: said,
  errno: z.int('a whole number').optional(),
  errnoName: z
    .string('a name like EEXIST')
    .regex(/^(E[A-Z0-9]+|errno \d+)$/, 'a name like EEXIST')
    .optional(),
  extAck: said,
  ovsdbError: said,
  ovsdbDetails: said,
};

/** The fields of a failure that somebody expects. */
export const failureParts = z.strictObject({ code: errorCode.optional(), ...details }, 'fields of a failure');
/** A whole failure. */
export const failure = z.strictObject({ ...details, code: errorCode, what: text }, 'fields of a failure');

/** Plain data of some kind. */
export const dataMap = z.record(z.string(), z.unknown(), 'keys and values');

/** A mapping that has one of some keys at most. */
export function hasAtMostOneOf(keys: readonly string[]) {
  return z.refine<Readonly<Record<string, unknown>>>(value => keys.filter(key => value[key] !== undefined).length < 2, {
    error: `${keys.join(' and ')} exclude each other`,
  });
}

/** A mapping that has exactly one of some keys. */
export function hasOneOf(keys: readonly string[]) {
  return z.refine<Readonly<Record<string, unknown>>>(
    value => keys.filter(key => value[key] !== undefined).length === 1,
    {
      error: ({ input }) => {
        const has = keys.filter(key => (input as Readonly<Record<string, unknown>>)[key] !== undefined);
        return has.length === 0 ? `one of ${keys.join(', ')} is missing` : `${has.join(' and ')} exclude each other`;
      },
    },
  );
}
