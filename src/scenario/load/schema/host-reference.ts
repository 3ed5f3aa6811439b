import * as z from 'zod';
import { hostSchema } from '../../../host/simulated/description/host-schema.ts';
import { text } from './values.ts';

/** What stands under `host`, for editors; the loader says better what is wrong with it. */
export const hostReference = z.union(
  [
    z.string().regex(/^[a-z0-9-]+$/, 'the name of a description in fixtures/hosts'),
    z.strictObject({ include: text }, 'include: a path'),
    hostSchema,
  ],
  'a name in fixtures/hosts, include: a path, or a description',
);
