import type { PlannedActor } from './plan-acts.ts';

type Remedy = NonNullable<PlannedActor['remedy']>;

/** Ends what actors began, in time. */
export interface Remedies {
  /** The actor acts now: it ends after its time, or with {@link Remedies.finish}. */
  plan(remedy: Remedy): void;
  /** Ends at once what has not ended yet, and resolves when all has. Rejects with the first failure. */
  finish(): Promise<void>;
}

/** Begins with none. */
export function createRemedies(): Remedies {
  const waiting = new Map<Remedy, NodeJS.Timeout | null>();
  const running: Promise<unknown>[] = [];
  const carryOut = (remedy: Remedy): void => {
    waiting.delete(remedy);
    const done = remedy.run();
    // Whoever finishes hears of it.
    done.catch(() => {});
    running.push(done);
  };
  return {
    plan(remedy) {
      const { afterMs } = remedy;
      waiting.set(remedy, afterMs === null ? null : setTimeout(carryOut, afterMs, remedy));
    },
    async finish() {
      for (const [remedy, timer] of [...waiting]) {
        if (timer !== null) clearTimeout(timer);
        carryOut(remedy);
      }
      await Promise.all(running);
    },
  };
}
