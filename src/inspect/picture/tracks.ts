/** A stretch that a line runs along a gutter; those with the same key are one. */
interface Stretch {
  readonly key: string;
  from: number;
  to: number;
}

/** Lanes next to each other, in which lines run without lying on one another; lines to the same place share one. */
export interface Tracks {
  /** Asks for a stretch; further ones of the same key lengthen it. */
  take(key: string, from: number, to: number): void;
  /** Number of the lane of a key; only after all were taken. */
  laneOf(key: string): number;
  count(): number;
}

/** Makes an empty gutter. */
export function createTracks(): Tracks {
  const stretches = new Map<string, Stretch>();
  let lanes: ReadonlyMap<string, number> | undefined;
  const assign = (): ReadonlyMap<string, number> => {
    const ends: Stretch[][] = [];
    const made = new Map<string, number>();
    // Short ones first: they stay near to what they connect.
    const ordered = [...stretches.values()].sort((a, b) => a.to - a.from - (b.to - b.from) || a.from - b.from);
    for (const stretch of ordered) {
      let lane = ends.findIndex(taken =>
        taken.every(other => other.to + 4 < stretch.from || stretch.to + 4 < other.from),
      );
      if (lane === -1) lane = ends.push([]) - 1;
      ends[lane]!.push(stretch);
      made.set(stretch.key, lane);
    }
    return made;
  };
  return {
    take(key, a, b) {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const known = stretches.get(key);
      if (known === undefined) stretches.set(key, { key, from, to });
      else {
        known.from = Math.min(known.from, from);
        known.to = Math.max(known.to, to);
      }
      lanes = undefined;
    },
    laneOf(key) {
      lanes ??= assign();
      return lanes.get(key) ?? 0;
    },
    count() {
      lanes ??= assign();
      return Math.max(-1, ...lanes.values()) + 1;
    },
  };
}
