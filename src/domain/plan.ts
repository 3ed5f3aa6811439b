import type { BridgeSpec, HostPortSpec, LinkRef, OvsRows } from './effect.ts';
import type { LayoutNames } from './layout.ts';
import type { DhcpClient, LinkDns, ManagerName } from './owners.ts';
import type { MigrationRequest } from './request.ts';

/** The states of the chart that change the host, in order; each has its inverse among {@link RollbackStep}. */
export type ForwardStep =
  | 'releasingOwners'
  | 'renamingUplink'
  | 'makingHostPort'
  | 'configuringHostPort'
  | 'addressingHostPort'
  | 'attachingUplink'
  | 'mutingUplink'
  | 'switchingRoutes'
  | 'removingUplinkAddresses'
  | 'handingOver';

/** The states of the way back that change the host, in order. */
export type RollbackStep =
  | 'restoringUplinkAddresses'
  | 'restoringRoutes'
  | 'unmutingUplink'
  | 'detachingUplink'
  | 'removingHostPort'
  | 'restoringName'
  | 'restoringLink'
  | 'returningOwners';

/** Forward steps in the order of the chart. */
export const FORWARD_STEPS = [
  'releasingOwners',
  'renamingUplink',
  'makingHostPort',
  'configuringHostPort',
  'addressingHostPort',
  'attachingUplink',
  'mutingUplink',
  'switchingRoutes',
  'removingUplinkAddresses',
  'handingOver',
] as const satisfies readonly ForwardStep[];

/** Rollback steps in the order of the chart. */
export const ROLLBACK_STEPS = [
  'restoringUplinkAddresses',
  'restoringRoutes',
  'unmutingUplink',
  'detachingUplink',
  'removingHostPort',
  'restoringName',
  'restoringLink',
  'returningOwners',
] as const satisfies readonly RollbackStep[];

/** What the migration is going to do; plain JSON, kept in the journal. Concrete effects follow from it and from what is read at each step. */
export interface MigrationPlan {
  readonly id: string;
  readonly request: MigrationRequest;
  readonly names: LayoutNames;
  readonly uplinkIndex: number;
  readonly bridge: BridgeSpec;
  readonly hostPort: HostPortSpec | null;
  readonly rows: OvsRows;
  /** The kernel must be kept from answering on the uplink (netdev datapath). */
  readonly mute: boolean;
  /** Members of the bond beside the uplink; absent without one. */
  readonly members?: readonly LinkRef[];
  /** What others must be asked; null (absent in old journals) where nobody else has to do with the uplink. */
  readonly owners?: PlannedOwners | null;
}

/** What a migration asks of those who manage the uplink, and gives back on the way back. */
export interface PlannedOwners {
  /** Asked to let the uplink go. */
  readonly release: readonly ManagerName[];
  /** DNS settings that the host port takes over; null where the uplink has none of its own. */
  readonly dns: LinkDns | null;
  /** DHCP clients that go on with the host port. */
  readonly dhcpClients: readonly DhcpClient[];
  /** A drop-in for udev that the user wants written; null for none. */
  readonly linkPolicy: { readonly path: string; readonly text: string } | null;
}

/** One step as `ovs-uplink plan` shows it. */
export interface PlannedStep {
  readonly step: ForwardStep;
  /** "rename eth0 to eth0~ while it is up". */
  readonly title: string;
  /** The single changes, one line each. */
  readonly changes: readonly string[];
  readonly inverse: { readonly step: RollbackStep; readonly title: string; readonly changes: readonly string[] };
}
