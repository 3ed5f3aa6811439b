import * as z from 'zod';
import { nearMiss } from '../../../domain/near-miss.ts';
import type { ErrorDetails } from '../../../errors.ts';
import { keysOf, schemasAt } from './schema-at.ts';

/** Lists that are longer help nobody. */
const MOST_LISTED = 12;
const LONGEST_SHOWN = 60;

/** What is wrong with a value, in words. */
export interface DescribedIssue {
  readonly path: readonly PropertyKey[];
  /** The key is wrong, not its value. */
  readonly ofKey: boolean;
  readonly what: string;
  readonly details: Omit<ErrorDetails, 'what'>;
}

/** Says what an issue of a schema is about; a mapping may have several unknown keys. A schema's `title` names what it stands for. */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.core.$ZodType, data: unknown): DescribedIssue[] {
  const { path } = issue;
  const got = valueAt(data, path);
  const schemas = schemasAt(schema, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const mappings = schemas.filter(one => keysOf(one).length > 0);
      return issue.keys.map(key => ({
        path: [...path, key],
        ofKey: true,
        what: `unknown ${titleOf(mappings) ?? 'key'}`,
        details: meantBy(key, mappings.flatMap(keysOf), null),
      }));
    }
    case 'invalid_union': {
      const branch = branchFor(got, issue.errors);
      if (branch === undefined) break;
      return branch.flatMap(inner => describeIssue({ ...inner, path: [...path, ...inner.path] }, schema, data));
    }
    case 'invalid_key': {
      const key = String(path.at(-1));
      const [inner] = issue.issues;
      const details = meantBy(key, inner === undefined ? [] : valuesOf(inner), inner?.message ?? null);
      return [{ path, ofKey: true, what: 'wrong key', details }];
    }
    case 'custom':
      return [{ path, ofKey: false, what: at(path) + issue.message, details: detailsOf(issue.params) }];
    case 'invalid_value': {
      const title = got === undefined ? undefined : titleOf(schemas);
      const what = title === undefined ? 'wrong value' : `unknown ${title}`;
      const details = meantBy(show(got), valuesOf(issue), issue.message);
      return [{ path, ofKey: false, what: at(path) + what, details }];
    }
    default:
  }
  const details = { expected: issue.message, got: show(got) };
  return [{ path, ofKey: false, what: `${at(path)}wrong value`, details }];
}

/** What was given, what is expected, and the candidate that was probably meant; without one the candidates are what is expected, if they are few. */
export function meantBy(
  got: string,
  candidates: readonly string[],
  expected: string | null,
): Omit<ErrorDetails, 'what'> {
  const meant = nearMiss(got, candidates);
  if (meant !== undefined) {
    return { ...(expected === null ? {} : { expected }), got, advice: `did you mean ${meant}?` };
  }
  const few = candidates.length > 0 && candidates.length <= MOST_LISTED ? oneOf(candidates) : null;
  const wanted = few ?? expected;
  return { ...(wanted === null ? {} : { expected: wanted }), got };
}

/** A value for people, shortened. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'keys and values';
  const text = String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text;
}

export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** Of a value that may be of several forms: what is wrong with the form that it has. */
function branchFor(
  got: unknown,
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  const isOfForm = (branch: readonly z.core.$ZodIssue[]): boolean =>
    !branch.some(
      ({ code, path }) =>
        path.length === 0 && (code === 'invalid_type' || (code === 'invalid_value' && typeof got !== 'string')),
    );
  return branches.find(isOfForm);
}

function titleOf(schemas: readonly z.core.$ZodType[]): string | undefined {
  for (const schema of schemas) {
    const title = z.globalRegistry.get(schema)?.title;
    if (title !== undefined) return title;
  }
  return undefined;
}

function valuesOf(issue: z.core.$ZodIssue): readonly string[] {
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

function detailsOf(params: Readonly<Record<string, unknown>> | undefined): Omit<ErrorDetails, 'what'> {
  const { expected, got, advice } = params ?? {};
  return {
    ...(typeof expected === 'string' && { expected }),
    ...(typeof got === 'string' && { got }),
    ...(typeof advice === 'string' && { advice }),
  };
}

function at(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.join('.')}: `;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
