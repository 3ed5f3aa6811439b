import type { KernelState } from './kernel-state.ts';
import { linkByIndex } from './kernel-state.ts';
import type { MigrationPlan } from './plan.ts';

/** Modes of a bond of Open vSwitch, in the order of the documentation; `balance-tcp` needs LACP at the other end. */
export const BOND_MODES = ['active-backup', 'balance-slb', 'balance-tcp'] as const;

/** `bond_mode` of ovs-vswitchd.conf.db(5). */
export type BondMode = (typeof BOND_MODES)[number];

/** Links that form one port of the bridge together with the uplink; plain JSON. */
export interface Bond {
  readonly mode: BondMode;
  /** Names, without the uplink's. */
  readonly members: readonly string[];
}

/** What may be left out of {@link Bond}. */
export interface BondOptions {
  readonly members: readonly string[];
  /** Default: active-backup, which asks nothing of the switches. */
  readonly mode?: BondMode;
}

/** True when both ask for the same bond; the order of the members has no meaning. */
export function isSameBond(a: Bond | undefined, b: Bond | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.mode === b.mode && a.members.toSorted().join('/') === b.members.toSorted().join('/');
}

/** The members as they are called now; one that is gone by the name that it had. */
export function memberNames(plan: MigrationPlan, kernel: KernelState): readonly string[] {
  return (plan.members ?? []).map(({ index, name }) => linkByIndex(kernel, index)?.name ?? name);
}
