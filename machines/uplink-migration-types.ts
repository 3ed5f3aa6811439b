import type { Address } from '../src/domain/address.ts';
import type { Finding } from '../src/domain/finding.ts';
import type { Link } from '../src/domain/link.ts';
import type { OvsFacts } from '../src/domain/ovs-facts.ts';
import type { ManagerName } from '../src/domain/owners.ts';
import type { MigrationPlan } from '../src/domain/plan.ts';
import type { MigrationRequest } from '../src/domain/request.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import type { Failure } from '../src/errors.ts';

/** Where a run begins: a new one by assessing, a resumed one where its journal says. */
export type MigrationEntry = 'assessing' | 'verifying' | 'confirming' | 'committed' | 'rollingBack';

export interface MigrationInput {
  readonly request: MigrationRequest;
  readonly entry: MigrationEntry;
  /** From the journal of a resumed run; null for a new one. */
  readonly plan: MigrationPlan | null;
  readonly snapshot: Snapshot | null;
  /** How often a failed rollback is tried again before the run ends in `stranded`. */
  readonly maxAttempts: number;
}

/** What the host was last seen to be, kept by netlink and OVSDB events. */
export interface Observed {
  readonly uplink: Link | null;
  /** By its name and an ifindex that is not the uplink's: a name alone may be an altname of the uplink (F-03). */
  readonly hostPort: Link | null;
  /** Addresses of the host port. */
  readonly addresses: readonly Address[];
  readonly ovs: OvsFacts | null;
}

export interface MigrationContext extends MigrationInput {
  readonly findings: readonly Finding[];
  readonly observed: Observed;
  /** What `cur_cfg` must reach before the last OVSDB change is applied; null while nothing was changed. */
  readonly awaitedCfg: number | null;
  /** How often ovs-vswitchd was asked to try the host port again. */
  readonly nudges: number;
  /** Why it was refused or is rolled back: the first failure, not those of the way back. */
  readonly failure: Failure | null;
  readonly failedIn: string | null;
  /** Why the last try of the way back failed; null while none did. */
  readonly stranding: Failure | null;
  /** Tries of the way back so far. */
  readonly attempts: number;
  /** The kernel is put back, but Open vSwitch has not let go yet: OVSDB does not answer, or ovs-vswitchd hangs. */
  readonly pendingRows: boolean;
  readonly alreadyDone: boolean;
  /** A committed migration from which the host has drifted is put right. */
  readonly repairing: boolean;
  /** The way back was asked for (RESTORE), it is not the answer to a failure. */
  readonly restoring: boolean;
  /** Why part of the run had no guard, or why its guard is not proven to be gone; null when all was well, or none was wanted. */
  readonly unguarded: Failure | null;
}

/** What a resumed run found under the lock: its journal is ours now, or another process had settled it before. */
export type Takeover = 'ours' | 'settled';

/** Result of reading the host and judging it. */
export interface Assessment {
  /** `repair`: the migration is committed, and the host has drifted from it: every step is carried out again where something is left to do. */
  readonly verdict: 'proceed' | 'refuse' | 'done' | 'repair';
  readonly findings: readonly Finding[];
  readonly plan: MigrationPlan | null;
  readonly snapshot: Snapshot | null;
}

/** What a step tells when it is done. */
export interface StepReport {
  /** What `cur_cfg` must reach; null when OVSDB was not changed. */
  readonly nextCfg: number | null;
  /** Rows could not be removed because OVSDB does not answer. */
  readonly pendingRows: boolean;
  /** The links as the step left them. */
  readonly uplink: Link | null;
  readonly hostPort: Link | null;
  readonly addresses: readonly Address[];
}

export type MigrationEvent =
  | { readonly type: 'ABORT'; readonly reason: string }
  | { readonly type: 'CONFIRM' }
  | { readonly type: 'RESTORE' }
  | { readonly type: 'engine.lock.lost'; readonly failure: Failure }
  | { readonly type: 'engine.guard.lost'; readonly failure: Failure }
  | { readonly type: 'netlink.link.changed'; readonly link: Link }
  | { readonly type: 'netlink.link.removed'; readonly link: Link }
  | { readonly type: 'netlink.address.changed'; readonly address: Address }
  | { readonly type: 'netlink.address.removed'; readonly address: Address }
  | { readonly type: 'owner.changed'; readonly owner: ManagerName }
  | { readonly type: 'ovsdb.connection.opened' }
  | { readonly type: 'ovsdb.connection.lost'; readonly failure: Failure }
  | { readonly type: 'ovsdb.facts.changed'; readonly ovs: OvsFacts };
