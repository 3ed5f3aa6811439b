import * as z from 'zod';
import type { Fault } from '../../scenario.ts';
import { count, duration, errnoName, hasOneOf, text } from './values.ts';

const refuse = z
  .strictObject(
    {
      errno: errnoName.optional().describe('Of the kernel, or of a file'),
      extAck: text.optional().describe("The kernel's own words"),
      error: text.optional().describe('Of OVSDB'),
      times: count.default(1).describe('So many operations of that name, from the nth on'),
    },
    'errno or error',
  )
  .refine(({ errno, error }) => errno === undefined || error === undefined, {
    error: 'errno and error exclude each other: the kernel says the one, OVSDB the other',
  })
  .refine(({ error, extAck }) => error === undefined || extAck === undefined, {
    error: 'the words of the kernel come with an errno, OVSDB says error',
    path: ['extAck'],
  });

const FAULTS = ['refuse', 'drop-answer', 'delay', 'hang', 'kill'];
const EXPECTED = 'refuse, refuse: {…}, drop-answer, delay: 300ms, hang or kill: before';

const mapping = z
  .strictObject(
    {
      refuse: refuse.optional().describe('Not done, and said so'),
      delay: duration.optional().describe('Done so much later'),
      kill: z.enum(['before', 'after'], 'before or after').optional().describe('The process dies'),
      'drop-answer': z.never('nothing: say "fault: drop-answer"').optional(),
      hang: z.never('nothing: say "fault: hang"').optional(),
    },
    EXPECTED,
  )
  .meta({ title: 'fault' })
  .check(hasOneOf(FAULTS));

/** What goes wrong with an operation. */
export const fault = z
  .union([z.enum(['refuse', 'drop-answer', 'hang'], EXPECTED).meta({ title: 'fault' }), mapping], EXPECTED)
  .transform((said): Fault => {
    if (said === 'drop-answer' || said === 'hang') return { kind: said };
    // With the words that fit the operation.
    if (said === 'refuse') return { kind: said, errno: null, extAck: null, error: null, times: 1 };
    const { refuse: refused, delay, kill } = said;
    if (refused !== undefined) {
      const { errno = null, extAck = null, error = null, times } = refused;
      return { kind: 'refuse', errno, extAck, error, times };
    }
    return delay === undefined ? { kind: 'kill', point: kill ?? 'before' } : { kind: 'delay', byMs: delay };
  });
