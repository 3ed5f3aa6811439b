import type { Neighbour } from '../../domain/neighbour.ts';
import { NUD_PERMANENT } from '../../domain/neighbour.ts';
import type { Invariant } from './ended-run.ts';
import type { Judge } from './judge.ts';

/** Entries that somebody made for good; what the kernel learns comes and goes. */
export function permanentOn(neighbours: readonly Neighbour[], linkIndex: number): readonly Neighbour[] {
  return neighbours.filter(one => one.linkIndex === linkIndex && (one.state & NUD_PERMANENT) !== 0);
}

/** `neighbour 10.9.0.50 on eth0`. */
function neighbourObject(neighbour: Neighbour, judge: Judge): string {
  return `neighbour ${neighbour.address} on ${judge.nameOf(neighbour.linkIndex)}`;
}

/** Permanent entries of one link that are missing or different. */
export function compareNeighbours(
  invariant: Invariant,
  expected: readonly Neighbour[],
  got: readonly Neighbour[],
  judge: Judge,
): void {
  for (const neighbour of expected) {
    const is = got.find(one => one.address === neighbour.address);
    if (is !== undefined && is.mac === neighbour.mac && is.flags === neighbour.flags) continue;
    judge.violated(
      invariant,
      'missing or different',
      neighbourObject(neighbour, judge),
      neighbour.mac,
      is?.mac ?? 'missing',
    );
  }
}

/** Permanent entries that were not there. */
export function reportSurplusNeighbours(
  invariant: Invariant,
  expected: readonly Neighbour[],
  got: readonly Neighbour[],
  judge: Judge,
): void {
  for (const neighbour of got) {
    if (expected.some(one => one.address === neighbour.address)) continue;
    judge.violated(invariant, 'surplus', neighbourObject(neighbour, judge), 'none', neighbour.mac);
  }
}
