/**
 * The candidate that was most likely meant: the one with the fewest edits, at most a third of the longer length, else one
 * that begins the other (`warning` for `warn`). Undefined where none is that near.
 */
export function nearMiss(given: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = editDistance(given.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest && edits <= Math.max(given.length, candidate.length) / 3) {
      best = candidate;
      fewest = edits;
    }
  }
  if (best !== undefined || given.length < 3) return best;
  for (const candidate of candidates) {
    if (candidate.startsWith(given) || (candidate.length > 2 && given.startsWith(candidate))) return candidate;
  }
  return undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours between two texts; texts over 64 characters are never near. */
function editDistance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let twoAgo: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, twoAgo[j - 2]! + 1);
      current.push(edits);
    }
    twoAgo = previous;
    previous = current;
  }
  return previous[b.length]!;
}
