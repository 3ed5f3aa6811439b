/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Dice {
  /** From 0 to below 1. */
  next(): number;
  pick<T>(list: readonly T[]): T;
}

/** Makes the dice of one seed. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, pick: list => list[Math.floor(next() * list.length)]! };
}
