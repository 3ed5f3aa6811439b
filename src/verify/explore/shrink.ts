import type { ExploreCase } from './explore-case.ts';
import type { CaseResult } from './run-case.ts';

/** Tries after which a case is small enough as it is. */
const MAX_TRIES = 400;

/** Hosts and courses that are easier to read than any other come first. */
const PLAIN_HOST = 'plain';

/**
 * Makes a failing case as small as it still fails in the same way: without each fault and incident in turn, with less of each, on the plain
 * host (where `hosts` has it), in the plain layout, in the shortest course.
 */
export async function shrinkCase(
  failing: ExploreCase,
  run: (smaller: ExploreCase) => Promise<CaseResult>,
  hosts?: ReadonlySet<string>,
): Promise<{ readonly smallest: ExploreCase; readonly result: CaseResult; readonly tries: number }> {
  let smallest = failing;
  let result = await run(failing);
  const kinds = new Set(result.violations.map(violation => violation.invariant));
  let tries = 1;
  for (let isSmaller = true; isSmaller && tries < MAX_TRIES; ) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest)) {
      if (tries >= MAX_TRIES) break;
      if (hosts?.has(candidate.host) === false) continue;
      tries += 1;
      const tried = await run(candidate);
      if (!tried.violations.some(violation => kinds.has(violation.invariant))) continue;
      smallest = candidate;
      result = tried;
      isSmaller = true;
      break;
    }
  }
  return { smallest, result, tries };
}

/** The next smaller cases, those that save most first. */
function* smallerThan(from: ExploreCase): Generator<ExploreCase> {
  for (const index of from.faults.keys()) yield { ...from, faults: from.faults.filter((_, i) => i !== index) };
  for (const index of from.incidents.keys()) {
    yield { ...from, incidents: from.incidents.filter((_, i) => i !== index) };
  }
  if (from.host !== PLAIN_HOST) yield { ...from, host: PLAIN_HOST };
  if (from.course !== 'migrate') yield { ...from, course: 'migrate' };
  if (from.layout !== 'host-port') yield { ...from, layout: 'host-port' };
  for (const [index, fault] of from.faults.entries()) {
    if (fault.nth <= 1) continue;
    for (const nth of [1, fault.nth - 1]) {
      yield { ...from, faults: from.faults.map((other, i) => (i === index ? { ...fault, nth } : other)) };
    }
  }
}
