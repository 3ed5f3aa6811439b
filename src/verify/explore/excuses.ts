import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { objectsOfOthers } from './apply-incident.ts';
import type { Incident, IncidentKind } from './incident.ts';

/** States and operations after the last look at the host: what others do from there on the run cannot see; the drift watch does. */
const LATE =
  /^(journal\.write committed|guard\.disarm|committing|disarmingGuard|committed|takingOver|rearming|resuming)/;
/** The rows are compared right before. */
const LATE_FOR_ROWS = /^verifying\.probing/;
/** Incidents that hit our process and not the host. */
const OWN = /^(disk|guard|abort|confirm|kill)/;

/**
 * Incidents with which the kernel itself takes what others have added to the link that they hit. What comes between our last look and the removal of
 * the last address goes with that, and nobody can see it.
 */
const FLUSHES: readonly IncidentKind[] = [
  'host-port.remove',
  'host-port.set-down',
  'uplink.set-down',
  'uplink.remove',
  'ovsdb.rows.remove',
  'vswitchd.kill',
  // When it goes on, it sets the flags that it remembers by name: also the uplink's that has its name back (netdev-linux.c).
  'vswitchd.hang',
];

/** Where an incident strikes. */
export interface Strike extends StruckAt {
  readonly incident: Incident;
}

/** A moment of a run. */
export interface StruckAt {
  /** Operation that is about to be made; empty when it strikes at a state. */
  readonly operation: string;
  /** Present state of the chart. */
  readonly state: string;
}

/** True when the run cannot see it any more. */
export function comesTooLate({ incident, operation, state }: Strike): boolean {
  if (OWN.test(incident.kind)) return false;
  if (incident.kind === 'ovsdb.rows.remove' && LATE_FOR_ROWS.test(state)) return true;
  return isAfterLastLook({ operation, state });
}

/** True when the run does not look at the host any more. */
export function isAfterLastLook({ operation, state }: StruckAt): boolean {
  return LATE.test(operation) || LATE.test(state);
}

/** True when what others add to the uplink then goes with what the kernel flushes, and nobody can see it. */
export function isFlushed(
  { operation, state }: StruckAt,
  host: Pick<HostDescription, 'liveRename' | 'ownerHabits'>,
): boolean {
  // So does a manager that takes everything along when it lets a link go (F-75): what is not in the snapshot is lost with it.
  if (host.ownerHabits.flushesOnRelease) return true;
  // Where a rename takes the link down, the kernel flushes what is not in the snapshot, too.
  return !host.liveRename || (operation !== '' && state === 'cuttingOver.removingUplinkAddresses');
}

/** True for an incident with which the kernel takes what others have added. */
export function flushes({ kind }: Incident): boolean {
  return FLUSHES.includes(kind);
}

/** Objects, as the invariants call them, that an incident changes in a way that no shadow shows. */
export function objectsOf(
  { incident, operation, state }: Strike,
  host: HostDescription,
  names: { readonly bridge: string; readonly hostPort: string },
): readonly string[] {
  const { uplink } = host;
  const objects: string[] = [];
  if (incident.kind === 'name.take' && names.hostPort !== uplink) objects.push(`link ${names.hostPort}`);
  if (incident.kind === 'uplink.mtu') {
    // The bridge follows the smallest MTU of its ports.
    objects.push(`link ${uplink}`, `link ${names.bridge}`, `host port ${names.hostPort}`);
    objects.push(`sysctl ipv6/conf/${uplink}/mtu`);
  }
  const isLost = isFlushed({ operation, state }, host) || flushes(incident);
  return isLost ? [...objects, ...objectsOfOthers(uplink)] : objects;
}
