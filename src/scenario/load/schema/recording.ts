import * as z from 'zod';
import { MACHINES } from '../../scenario.ts';
import { head } from './head.ts';
import { dataMap, text } from './values.ts';

const atMs = z.number('a number of ms').min(0, '0 or more');
// Another version of the program may have codes that this one does not know.
const failure = z.looseObject({ code: text, what: z.string('a text') }, 'a failure');
// States and events are those of the chart as it was then: what today's chart makes of them is what a replay shows.
const child = z.strictObject(
  {
    name: text,
    machine: text,
    value: z.unknown(),
    status: z.enum(['active', 'done', 'error', 'stopped'], 'active, done, error or stopped'),
    on: z.string('a text'),
  },
  'name, machine, value, status and on',
);
const entry = z.union(
  [
    z.strictObject({ atMs, event: z.looseObject({ type: text }, 'an event with its type') }, 'atMs and event'),
    z.strictObject({ atMs, state: text }, 'atMs and state'),
    z.strictObject({ atMs, child }, 'atMs and child'),
    z.strictObject({ atMs, effect: z.unknown(), failure: failure.nullable().default(null) }, 'atMs and effect'),
  ],
  'atMs, and event, state, child or effect',
);
const { repeat: _repeat, ...plainHead } = head;

/** What happened on a real node. */
export const recordingSchema = z.strictObject(
  {
    ...plainHead,
    // Called as its bearer likes: it travels.
    name: text.max(200, 'at most 200 characters'),
    kind: z.literal('Recording', 'Recording'),
    machine: z.enum(MACHINES, MACHINES.join(', ')).meta({ title: 'machine' }),
    header: dataMap.default({}),
    input: dataMap.default({}),
    entries: z.array(entry, 'a list of what happened').max(100_000, 'at most 100000'),
  },
  'keys and values',
);

/** As it was read. */
export type RecordingDocument = z.output<typeof recordingSchema>;
