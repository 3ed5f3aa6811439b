import type { HostFacts } from '../../domain/host-facts.ts';
import type { Finding } from '../finding.ts';
import type { KernelState } from '../kernel-state.ts';
import type { LayoutNames } from '../layout.ts';
import type { Link } from '../link.ts';
import type { OvsBridge, OvsState } from '../ovs-state.ts';
import type { OwnerFacts } from '../owners.ts';
import type { MigrationRequest } from '../request.ts';

/** Everything that a pre-check looks at; plain JSON. */
export interface PrecheckInput {
  readonly request: MigrationRequest;
  readonly kernel: KernelState;
  /** Undefined while OVSDB was never reached. */
  readonly ovs: OvsState | undefined;
  readonly facts: HostFacts;
  /** The datapath type that was chosen. */
  readonly datapath: 'system' | 'netdev';
  /** Who holds the host-wide lock; null for nobody. */
  readonly lockHolder: string | null;
  /** A journal of ours exists for this uplink. */
  readonly ownJournal: boolean;
  /** Who else manages the members of the bond: of those that exist, in the order of the request; absent without a bond. */
  readonly memberOwners?: readonly OwnerFacts[];
}

/** What every rule gets: the input and what follows from it. */
export interface PrecheckContext extends PrecheckInput {
  readonly names: LayoutNames;
  /** The bridge of that name, where it exists. */
  readonly bridge: OvsBridge | undefined;
}

/** What a rule about the uplink gets. */
export interface UplinkContext extends PrecheckContext {
  readonly uplink: Link;
}

/** One rule: pure, never throws, one concern. */
export type RequestRule = (context: PrecheckContext) => readonly Finding[];
/** One rule that needs the uplink to be there. */
export type UplinkRule = (context: UplinkContext) => readonly Finding[];

/** True when the migration uses a bridge that exists and that ovs-uplink did not make. */
export function usesForeignBridge(context: PrecheckContext): boolean {
  return context.bridge !== undefined && context.request.useExistingBridge;
}

/** True when the layout gives the uplink another name. */
export function renamesUplink(context: PrecheckContext): boolean {
  return context.names.uplink !== context.request.uplink;
}

/** A finding names no more than these: a router can have 100,000 routes. */
const MAX_LISTED = 5;

/** `eth0, eth1 and eth2`; the first five, and how many more. */
export function listed(items: readonly string[]): string {
  if (items.length > MAX_LISTED)
    return `${items.slice(0, MAX_LISTED).join(', ')} and ${items.length - MAX_LISTED} more`;
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
