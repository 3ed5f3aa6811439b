/** A stream of random numbers that is the same for the same seed (mulberry32, public domain). */
export interface Random {
  /** From 0 up to but without `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T | undefined;
}

/** Starts a stream; `index` makes streams of one seed independent. */
export function createRandom(seed: number, index = 0): Random {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: items => items[below(items.length)] };
}
