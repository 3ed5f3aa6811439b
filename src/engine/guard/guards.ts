import type { Failure } from '../../errors.ts';

/** What a guard is to watch over: one run over one journal. */
export interface GuardOrder {
  readonly uplink: string;
  /** Id of the migration. */
  readonly id: string;
  /** Generation of the journal that this run works on; a guard leaves a journal of any other alone (F-124). */
  readonly generation: number;
}

/** A guard on duty: when this process dies or hangs, it puts the host back from the journal. */
export interface ArmedGuard {
  readonly pid: number;
  /** The run may stay in its present state for this long; who then says nothing for longer is taken for hung. Never throws. */
  allow(limitMs: number): void;
  /** Sends it away. Resolves with null once it is proven to be gone, else with what could not be proven. Never rejects. */
  disarm(): Promise<Failure | null>;
}

/** A guard as others on this host see it. */
export interface GuardSighting {
  readonly pid: number;
  readonly id: string;
  /** ms until it takes its run for hung; 0 when that has passed. */
  readonly dueMs: number;
}

/** Where guards come from. */
export interface Guards {
  /**
   * Resolves with a guard that is ready to act, or with null where none is wanted. `onLost` is called once when it ends before it was sent
   * away. Rejects with `GUARD_FAILED`, `UNSUPPORTED` or `ABORTED`; nothing is left of it then.
   */
  arm(order: GuardOrder, onLost: (failure: Failure) => void, signal: AbortSignal): Promise<ArmedGuard | null>;
  /** The guard of a run on this uplink; null when there is none. */
  find(uplink: string): GuardSighting | null;
}

/** No guards: for tests, and for the run of a guard itself. */
export const noGuards: Guards = { arm: () => Promise.resolve(null), find: () => null };
