import type * as z from 'zod';
import { describeIssue } from '../../host/simulated/description/describe-issue.ts';
import { type CniError, cniError } from '../cni-error.ts';

/** Checks data by a schema. Throws an error with that code for the first thing that is wrong: which field, what was expected, what it is. */
export function checkSchema<T extends z.core.$ZodType>(
  schema: T,
  data: unknown,
  code: number,
  of: string,
): z.output<T> {
  const parsed = (schema as unknown as z.ZodType<z.output<T>>).safeParse(data);
  if (parsed.success) return parsed.data;
  throw issueError(parsed.error.issues, schema, data, code, of);
}

function issueError(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  data: unknown,
  code: number,
  of: string,
): CniError {
  const [described] = issues.flatMap(issue => describeIssue(issue, schema, data));
  if (described === undefined) return cniError(code, { what: `${of}: wrong value` });
  return cniError(code, { advice: `correct ${of}`, ...described.details, what: `${of}: ${described.what}` });
}
