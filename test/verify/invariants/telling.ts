import { expect } from 'vitest';
import { checkInvariants } from '../../../src/verify/invariants/check-invariants.ts';
import type { EndedRun } from '../../../src/verify/invariants/ended-run.ts';

/** `I1 missing: address 10.9.0.2/24 on eth0`, one a violation. */
export function told(run: EndedRun): string[] {
  return checkInvariants(run).map(({ invariant, what, object }) => `${invariant} ${what}: ${object}`);
}

/** The list without those that match, of which there must be one. */
export function without<T>(list: readonly T[], matches: (one: T) => boolean): readonly T[] {
  const rest = list.filter(one => !matches(one));
  expect(rest.length).toBeLessThan(list.length);
  return rest;
}

/** The list with a change to those that match, of which there must be one. */
export function changed<T>(list: readonly T[], matches: (one: T) => boolean, change: Partial<T>): readonly T[] {
  expect(list.some(matches)).toBe(true);
  return list.map(one => (matches(one) ? { ...one, ...change } : one));
}
