import type { Effect } from '../../domain/effect.ts';
import type { KernelState } from '../../domain/kernel-state.ts';
import type { OvsState } from '../../domain/ovs-state.ts';
import type { OwnerFacts } from '../../domain/owners.ts';
import type { MigrationPlan } from '../../domain/plan.ts';
import type { LinkSysctls } from '../../domain/snapshot.ts';
import type { JournalRecord } from '../../engine/journal/record.ts';
import type { RunResult } from '../../engine/run.ts';

/** Everything of a host that an invariant looks at, at one moment; plain JSON. */
export interface HostImage {
  readonly kernel: KernelState;
  /** By link name. */
  readonly sysctls: Readonly<Record<string, LinkSysctls>>;
  /** Links on which the kernel drops what arrives, because we told it to. */
  readonly muted: readonly string[];
  /** The database itself, not a client's copy. */
  readonly ovs: OvsState;
  /** Whether each gateway answers. */
  readonly reachable: Readonly<Record<string, boolean>>;
  /** A journal for the uplink is in the state folder. */
  readonly journal: boolean;
  /** Who manages the uplink; absent where that is not known. */
  readonly owners?: OwnerFacts;
}

/** One effect that was tried, by whichever process. */
export interface TriedEffect {
  readonly effect: Effect;
  /** The host took it, also where the answer was lost. */
  readonly done: boolean;
}

/** One run that has ended, with what is needed to judge it; after a kill, the run that recovered. Plain JSON. */
export interface EndedRun {
  /** The uplink's first name. */
  readonly uplink: string;
  readonly result: RunResult;
  /** The run said that rows of ours wait for Open vSwitch. */
  readonly pendingRows: boolean;
  /**
   * What the host would be now if there had been no run: as it was before the first change, with what others have changed since. What the
   * exploration did to the host is done to this one too, and so nobody is blamed for it.
   */
  readonly base: HostImage;
  readonly after: HostImage;
  /** From the moment of {@link base} to that of {@link after}: lifetimes have run down by as much. */
  readonly elapsedS: number;
  /** Null where the run never came to one. */
  readonly plan: MigrationPlan | null;
  /** Every version of the journal that was written, in order, by all processes. */
  readonly journals: readonly Pick<JournalRecord, 'id' | 'stage' | 'plan' | 'snapshot' | 'takenAt' | 'baseline'>[];
  /** All effects of all processes, in order. */
  readonly effects: readonly TriedEffect[];
  /** OVSDB and ovs-vswitchd answer at the end. */
  readonly ovsAnswers: boolean;
  /** A process was killed, and this is the end of the one that came after it. */
  readonly wasKilled: boolean;
  /** Nothing has been in the way for long enough: every retry could have succeeded. */
  readonly faultsEnded: boolean;
  /** Objects (as in {@link Violation.object}) that others had their hands on in a way that {@link base} cannot show. */
  readonly foreign: readonly string[];
}

/** As design.md numbers them. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7';

/** An invariant that does not hold; plain JSON. */
export interface Violation {
  readonly invariant: Invariant;
  /** "missing", "label differs". */
  readonly what: string;
  /** `address 10.9.0.2/24 on eth0`, `route default via 10.9.0.1`, `bridge br-int`; links by the names that they have in the base. */
  readonly object: string;
  readonly expected: string;
  readonly got: string;
}
