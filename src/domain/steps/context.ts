import type { LinkRef } from '../effect.ts';
import type { KernelState } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import type { OvsState } from '../ovs-state.ts';
import type { OwnerFacts } from '../owners.ts';
import type { MigrationPlan } from '../plan.ts';
import type { LinkSysctls, Snapshot } from '../snapshot.ts';

/** What a step looks at to know what is still to be done: the plan, the snapshot and the host as it is now. */
export interface StepContext {
  readonly plan: MigrationPlan;
  readonly snapshot: Snapshot;
  /** Seconds since the snapshot was taken; limited lifetimes have run down by as much. */
  readonly elapsedS: number;
  readonly kernel: KernelState;
  /** The uplink as it is now; undefined when it vanished. */
  readonly uplink: Link | undefined;
  /** The host port as it is now; never the uplink itself, whatever its name or altnames (F-03). */
  readonly hostPort: Link | undefined;
  readonly uplinkSysctls: LinkSysctls;
  readonly hostPortSysctls: LinkSysctls;
  /** Names of the links that the kernel is kept from hearing; also of links that are gone. */
  readonly mutedLinks: readonly string[];
  /** Who else manages the uplink; nobody where a step does not ask. */
  readonly owners: OwnerFacts;
  readonly ovs: OvsState | undefined;
  /** On the way back: which rows of ours the server itself says there are; null when it does not answer. */
  readonly ownRows: { readonly bridge: boolean; readonly hostPort: boolean; readonly uplink: boolean } | null;
}

/** What concerns one link alone. */
export type LinkContext = Pick<StepContext, 'snapshot' | 'elapsedS' | 'kernel' | 'uplink'>;

/** The reference of a link. */
export function refOf(link: Link): LinkRef {
  return { index: link.index, name: link.name };
}
