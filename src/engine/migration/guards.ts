import type { OvsReadinessOutput } from '../../../machines/ovs-readiness.ts';
import type {
  Assessment,
  MigrationContext,
  MigrationEntry,
  MigrationEvent,
  Takeover,
} from '../../../machines/uplink-migration-types.ts';
import { IFA_F_DADFAILED, IFA_F_TENTATIVE } from '../../domain/address.ts';
import { IFF_LOWER_UP } from '../../domain/link.ts';
import { classifyInterfaceError } from '../../domain/ovs-facts.ts';
import type { OvsInterface } from '../../domain/ovs-state.ts';
import { isSameAddress } from '../../domain/steps/addresses.ts';

interface Args {
  readonly context: MigrationContext;
  readonly event: MigrationEvent;
}

/** The output of an invoked actor's done event. */
export function outputOf<T>(event: { readonly type: string }): T {
  return (event as { readonly type: string; readonly output: T }).output;
}

/** ovs-vswitchd has worked off our last change. */
function isApplied({ awaitedCfg, observed, repairing }: MigrationContext): boolean {
  // Where a repair had nothing to change there is nothing to wait for.
  return awaitedCfg === null ? repairing : (observed.ovs?.system?.curCfg ?? 0) >= awaitedCfg;
}

function isStanding(row: OvsInterface | null): boolean {
  return row !== null && row.ofport !== null && row.ofport >= 0 && (row.error ?? '') === '';
}

/** Both sides must say so: `cur_cfg` and the row, and a kernel link of its own with the right MAC (I3, F-24, F-28). */
function isHostPortStanding({ context }: Args): boolean {
  const { plan, observed } = context;
  if (plan === null || !isApplied(context)) return false;
  if (observed.ovs?.bridge == null || observed.ovs.bridge.datapathId === null) return false;
  if (plan.hostPort === null) return true;
  const link = observed.hostPort;
  return (
    isStanding(observed.ovs.hostPort) &&
    link !== null &&
    link.index !== plan.uplinkIndex &&
    (link.kind === 'tun' || link.kind === 'openvswitch') &&
    link.mac === plan.hostPort.mac
  );
}

function isUplinkAttached({ context }: Args): boolean {
  const { observed } = context;
  return (
    isApplied(context) &&
    isStanding(observed.ovs?.uplink ?? null) &&
    observed.uplink !== null &&
    // The kernel's word for it: enslaved to ovs-system, or opened promiscuously by the userspace datapath.
    (observed.uplink.master !== null || observed.uplink.promiscuity > 0) &&
    areMembersAttached(context)
  );
}

/** All of them to begin with; one that fails later is what a bond is for, and no reason to go back. */
function areMembersAttached({ plan, observed, repairing }: MigrationContext): boolean {
  const rows = observed.ovs?.members ?? [];
  return (
    repairing || (plan?.members ?? []).every(({ name }) => isStanding(rows.find(row => row.name === name) ?? null))
  );
}

function hasFatalUplinkError({ context }: Args): boolean {
  const { observed, repairing } = context;
  const members = repairing ? [] : (observed.ovs?.members ?? []);
  return [observed.ovs?.uplink, ...members].some(row => hasFatalError(context, row));
}

function hasFatalError(context: MigrationContext, row: OvsInterface | null | undefined): boolean {
  if (!isApplied(context) || !row?.error) return false;
  // A taken name frees itself with the altname guard, a class clash with a cycle of ovs-vswitchd: those wait for the deadline.
  const kind = classifyInterfaceError(row.error);
  return kind === 'busy' || kind === 'no-such-device' || kind === 'other';
}

/** How often ovs-vswitchd is asked to try again; each time costs it one reconfiguration. */
const MAX_NUDGES = 10;

/** The host port failed for a name that was taken, and nothing that we know of takes it now (F-20, F-26). */
function isNameFreeAgain({ context }: Args): boolean {
  const { plan, observed, nudges } = context;
  const error = observed.ovs?.hostPort?.error ?? '';
  if (!isApplied(context) || error === '' || plan?.names.hostPort == null || nudges >= MAX_NUDGES) return false;
  const kind = classifyInterfaceError(error);
  const isTaken = observed.uplink?.altnames.includes(plan.names.hostPort) === true;
  return (kind === 'name-taken' || kind === 'class-clash') && !isTaken;
}

function isOnUplink(context: MigrationContext, event: MigrationEvent): boolean {
  return 'link' in event && event.link.index === context.plan?.uplinkIndex;
}

/** Guards of the migration chart: pure questions to context and event. */
export const migrationGuards = {
  resumesAt: ({ context }: Args, params: { readonly entry: MigrationEntry }) => context.entry === params.entry,
  isSettledMeanwhile: ({ event }: Args) => outputOf<Takeover>(event) === 'settled',
  isRefused: ({ event }: Args) => outputOf<Assessment>(event).verdict === 'refuse',
  isAlreadyDone: ({ event }: Args) => outputOf<Assessment>(event).verdict === 'done',
  isReady: ({ event }: Args) => outputOf<OvsReadinessOutput>(event).ready,
  hasOwners: ({ context }: Args) => context.plan?.owners != null,
  hasHandOver: ({ context }: Args) => context.plan?.hostPort != null && context.plan.owners != null,
  isHostPortStanding,
  isNameFreeAgain,
  hasFatalHostPortError: ({ context }: Args) => hasFatalError(context, context.observed.ovs?.hostPort),
  areAddressesUsable: ({ context }: Args) =>
    context.observed.addresses.every(a => (a.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) === 0),
  hasFailedAddress: ({ context }: Args) => context.observed.addresses.some(a => (a.flags & IFA_F_DADFAILED) !== 0),
  isUplinkAttached,
  hasFatalUplinkError,
  isUplink: ({ context, event }: Args) => isOnUplink(context, event),
  isUplinkWithoutCarrier: ({ context, event }: Args) =>
    isOnUplink(context, event) &&
    // A bond in service goes on with its other members.
    !(context.repairing && (context.plan?.members ?? []).length > 0) &&
    'link' in event &&
    ((context.snapshot?.link.flags ?? 0) & IFF_LOWER_UP) !== 0 &&
    (event.link.flags & IFF_LOWER_UP) === 0,
  isSnapshotAddress: ({ context, event }: Args) =>
    'address' in event &&
    event.address.linkIndex === context.plan?.uplinkIndex &&
    (context.snapshot?.addresses ?? []).some(a => isSameAddress(a, event.address) && a.validLifetimeS === null),
  needsConfirmation: ({ context }: Args) => context.request.confirmWithinMs !== null,
  hasAttemptsLeft: ({ context }: Args) => context.attempts < context.maxAttempts,
};
