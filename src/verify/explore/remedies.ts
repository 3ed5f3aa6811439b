import type { Clock } from '../../engine/clock.ts';

/** Ends of what others do to a world. */
export interface Remedies {
  /** Ends an incident after its time, and when the faults stop; once. Null: only then. */
  after(forMs: number | null, remedy: () => void): void;
  /** Undoes everything that is not a decision of somebody else: daemons run, wires are plugged in, disks have room. */
  heal(): void;
}

/** Nothing to end at first. */
export function createRemedies(clock: Pick<Clock, 'setTimeout'>): Remedies {
  const open: (() => void)[] = [];
  return {
    after(forMs, remedy) {
      let isDone = false;
      const once = (): void => {
        if (isDone) return;
        isDone = true;
        remedy();
      };
      open.push(once);
      if (forMs !== null) clock.setTimeout(once, forMs);
    },
    heal() {
      for (const remedy of open.splice(0)) remedy();
    },
  };
}
