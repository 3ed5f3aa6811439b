import * as z from 'zod';
import { text } from './values.ts';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const value = z.union([z.string(), z.number(), z.boolean()], 'a text, a number, true or false');

/** What every kind of scenario begins with. */
export const head = {
  apiVersion: z.literal('ovs-uplink/v1', 'ovs-uplink/v1'),
  name: z
    .string('a name')
    .max(120, 'a name of at most 120 characters')
    .regex(NAME, 'words of a-z and 0-9 with "-" between them')
    .describe('What happens, by behaviour; the name of the file without .yaml'),
  title: text.describe('One line for people'),
  failures: z
    .array(z.string('a number like F-02').regex(/^F-\d{2,3}$/, 'a number like F-02'), 'a list of numbers like F-02')
    .default([])
    .describe('Numbers in the catalogue of failures'),
  upstream: z.array(text, 'a list of issues').default([]).describe('Where it happened to others: antrea#6321'),
  guards: text.nullable().default(null).describe('The wrong behaviour that this guards against'),
  expected: text.nullable().default(null).describe('The right behaviour, in words'),
  repeat: z
    .record(
      z.string().regex(/^\w{1,40}$/, 'a name of letters, digits and "_"'),
      z.array(value, 'a list of values').min(1, 'at least one value').max(100, 'at most 100 values'),
      'names and lists of values',
    )
    .optional()
    .describe('The document once for each value, which a dollar sign and the name in braces stand for in texts'),
};
