import type { AnyCase } from './any-case.ts';
import { isMoveCase } from './any-case.ts';
import type { CaseResult } from './case-result.ts';
import type { MoveCase } from './moves/move-case.ts';
import { PLAIN_NAME } from './moves/move-case.ts';

/** Tries after which a case is small enough as it is. */
const MAX_TRIES = 400;

/** Hosts and courses that are easier to read than any other come first. */
const PLAIN_HOST = 'plain';
const PLAIN_LINK = 'eth0';

/**
 * Makes a failing case as small as it still fails in the same way: without each fault and incident in turn, with less of each, on the plain
 * host (where `hosts` has it), in the plain layout or way, in the shortest course.
 */
export async function shrinkCase<C extends AnyCase>(
  failing: C,
  run: (smaller: C) => Promise<CaseResult>,
  hosts?: ReadonlySet<string>,
): Promise<{ readonly smallest: C; readonly result: CaseResult; readonly tries: number }> {
  let smallest = failing;
  let result = await run(failing);
  const kinds = new Set(result.violations.map(violation => violation.invariant));
  let tries = 1;
  for (let isSmaller = true; isSmaller && tries < MAX_TRIES; ) {
    isSmaller = false;
    for (const change of smallerThan(smallest)) {
      if (tries >= MAX_TRIES) break;
      const candidate: C = { ...smallest, ...change };
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

/** What makes the next smaller cases, those that save most first. */
function* smallerThan(from: AnyCase): Generator<Partial<AnyCase>> {
  for (const index of from.faults.keys()) yield { faults: from.faults.filter((_, i) => i !== index) };
  for (const index of from.incidents.keys()) {
    yield { incidents: from.incidents.filter((_, i) => i !== index) } as Partial<AnyCase>;
  }
  if (isMoveCase(from)) yield* plainerMoves(from);
  else {
    if (from.host !== PLAIN_HOST) yield { host: PLAIN_HOST };
    if (from.course !== 'migrate') yield { course: 'migrate' };
    if (from.layout !== 'host-port') yield { layout: 'host-port' };
  }
  for (const [index, fault] of from.faults.entries()) {
    if (fault.nth <= 1) continue;
    for (const nth of [1, fault.nth - 1]) {
      yield { faults: from.faults.map((other, i) => (i === index ? { ...fault, nth } : other)) };
    }
  }
}

function* plainerMoves(from: MoveCase): Generator<Partial<MoveCase>> {
  if (from.host !== PLAIN_HOST) yield { host: PLAIN_HOST, link: PLAIN_LINK };
  if (from.course !== 'move') yield { course: 'move' };
  if (from.way !== 'message') yield { way: 'message' };
  if (from.name !== PLAIN_NAME) yield { name: PLAIN_NAME };
  if (from.keepAddresses) yield { keepAddresses: false };
}
