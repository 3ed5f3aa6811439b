import * as z from 'zod';
import type { Match } from '../../scenario.ts';
import { patternProblem } from './patterns.ts';

/** What is wrong with a part of a match, and where. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A part of some JSON, to be matched; see {@link Match}. */
export const match = z
  .unknown()
  .check(({ value, issues }) => {
    for (const { path, message } of problemsOf(value, [])) {
      issues.push({ code: 'custom', input: value, path: [...path], message });
    }
  })
  // YAML without tags has nothing else.
  .transform(value => value as Match);

function problemsOf(value: unknown, path: readonly PropertyKey[]): readonly Problem[] {
  if (typeof value === 'number' && !Number.isFinite(value))
    return [{ path, message: 'a number that nothing can have' }];
  if (typeof value === 'string') {
    const problem = patternProblem(value);
    return problem === null ? [] : [{ path, message: `not a pattern: ${problem}` }];
  }
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    problemsOf(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  if (Array.isArray(value) || !('has' in value || 'lacks' in value)) return inner;
  const wrong = Object.keys(value).find(key => key !== 'has' && key !== 'lacks');
  if (wrong === undefined) return inner;
  return [{ path: [...path, wrong], message: 'beside has and lacks nothing can stand: they match a list' }, ...inner];
}
