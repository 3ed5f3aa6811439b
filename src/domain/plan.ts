import type { BridgeSpec, HostPortSpec, OvsRows } from './effect.ts';
import type { LayoutNames } from './layout.ts';
import type { MigrationRequest } from './request.ts';

/** The states of the chart that change the host, in order; each has its inverse among {@link RollbackStep}. */
export type ForwardStep =
  | 'renamingUplink'
  | 'makingHostPort'
  | 'configuringHostPort'
  | 'addressingHostPort'
  | 'attachingUplink'
  | 'mutingUplink'
  | 'switchingRoutes'
  | 'removingUplinkAddresses';

/** The states of the way back that change the host, in order. */
export type RollbackStep =
  | 'restoringUplinkAddresses'
  | 'restoringRoutes'
  | 'unmutingUplink'
  | 'detachingUplink'
  | 'removingHostPort'
  | 'restoringName'
  | 'restoringLink';

/** Forward steps in the order of the chart. */
export const FORWARD_STEPS = [
  'renamingUplink',
  'makingHostPort',
  'configuringHostPort',
  'addressingHostPort',
  'attachingUplink',
  'mutingUplink',
  'switchingRoutes',
  'removingUplinkAddresses',
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
