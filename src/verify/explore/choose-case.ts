import type { AnyCase } from './any-case.ts';
import { isMoveCase } from './any-case.ts';
import type { Ground } from './enumerate.ts';
import { combinedCase, countSingles, singleCase } from './enumerate.ts';
import { createRandom } from './random.ts';

/** Every so many cases one has several faults at once. */
const COMBINED_EVERY = 4;
/** Every so many cases one moves a link into another network namespace; the others migrate. */
const MOVE_EVERY = 8;

/** The case of this number. Every eighth is of link-move, where there are grounds of both charts. */
export function chooseCase(grounds: readonly Ground[], seed: number, index: number): AnyCase {
  const moves = grounds.filter(({ undisturbed }) => isMoveCase(undisturbed));
  if (moves.length === 0 || moves.length === grounds.length) return chooseAmong(grounds, seed, index);
  const before = Math.floor((index + 1) / MOVE_EVERY);
  if ((index + 1) % MOVE_EVERY === 0) return chooseAmong(moves, seed, before - 1);
  return chooseAmong(
    grounds.filter(ground => !moves.includes(ground)),
    seed,
    index - before,
  );
}

/**
 * The case of this number among those of one chart. The grounds take turns; on each the single faults and incidents come in an order of the seed's own, none twice
 * before all were there. Every fourth is a combination.
 */
function chooseAmong(grounds: readonly Ground[], seed: number, index: number): AnyCase {
  const ground = grounds[index % grounds.length];
  if (ground === undefined) throw new RangeError('no ground to explore');
  const round = Math.floor(index / grounds.length);
  if (round % COMBINED_EVERY === COMBINED_EVERY - 1) return combinedCase(ground, createRandom(seed, index));
  const singles = countSingles(ground);
  const single = round - Math.floor(round / COMBINED_EVERY);
  const random = createRandom(seed, -(index % grounds.length) - 1);
  const offset = random.below(singles);
  return singleCase(ground, (offset + single * coprimeTo(singles, random.below(singles))) % singles);
}

/** Every single of every ground, one after another. */
export function exhaustiveCase(grounds: readonly Ground[], index: number): AnyCase {
  let left = index;
  for (const ground of grounds) {
    const singles = countSingles(ground);
    if (left < singles) return singleCase(ground, left);
    left -= singles;
  }
  throw new RangeError(`no case ${index}`);
}

/** The first number from `start` on that has no divisor in common with `n`: steps of it reach every residue. */
function coprimeTo(n: number, start: number): number {
  for (let step = Math.max(1, start); ; step += 1) if (gcd(step, n) === 1) return step;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
