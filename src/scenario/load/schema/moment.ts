import * as z from 'zod';
import { stateNamesOf } from '../../machine/vocabulary.ts';
import type { Moment } from '../../scenario.ts';
import { OPERATIONS } from '../vocabulary/operations.ts';
import { count, duration, hasOneOf, wordOf } from './values.ts';

export const migrationState = wordOf('state', stateNamesOf('uplink-migration'), 'a state of uplink-migration');

const named = z
  .strictObject(
    {
      state: migrationState.optional().describe('The chart enters it, or a state below it'),
      operation: wordOf('operation', OPERATIONS).optional().describe('Right before an operation of that name'),
      time: duration.optional().describe('So long after the first run began'),
      nth: count.optional().describe('The first, second, … time'),
      after: duration.optional().describe('So much later'),
    },
    'a state, or state, operation or time with its values',
  )
  .check(hasOneOf(['state', 'operation', 'time']))
  .check(context => {
    const { time, nth, after } = context.value;
    if (time === undefined) return;
    for (const [key, value] of Object.entries({ nth, after })) {
      if (value === undefined) continue;
      const message = `a time comes once: "${key}" belongs to a state or an operation`;
      context.issues.push({ code: 'custom', input: value, path: [key], message });
    }
  });

/** When something happens: `preparing.renamingUplink`, `{ operation: route.replace, nth: 2 }`, `{ time: 300ms }`. */
export const moment = z
  .union([migrationState, named], 'a state, or state, operation or time with its values')
  .transform((said): Moment => {
    if (typeof said === 'string') return { state: said, nth: 1, afterMs: 0 };
    const { state, operation, time, nth = 1, after: afterMs = 0 } = said;
    if (time !== undefined) return { atMs: time };
    return operation === undefined ? { state: state ?? '', nth, afterMs } : { operation, nth, afterMs };
  });
