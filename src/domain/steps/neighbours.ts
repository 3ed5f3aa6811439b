import type { Effect } from '../effect.ts';
import type { Link } from '../link.ts';
import type { Neighbour } from '../neighbour.ts';
import { NUD_DELAY, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '../neighbour.ts';
import type { Snapshot } from '../snapshot.ts';

function isSameNeighbour(a: Neighbour, b: Neighbour): boolean {
  return a.linkIndex === b.linkIndex && a.address === b.address && a.mac === b.mac && a.state === b.state;
}

/** The snapshot's permanent neighbours as the host port is to have them. */
export function neighboursOnHostPort(snapshot: Snapshot, hostPort: Link): readonly Neighbour[] {
  return snapshot.neighbours.map(neighbour => ({ ...neighbour, linkIndex: hostPort.index }));
}

/** Sets the permanent neighbours that are missing. */
export function setMissing(wanted: readonly Neighbour[], present: readonly Neighbour[]): Effect[] {
  return wanted
    .filter(neighbour => !present.some(p => isSameNeighbour(p, neighbour)))
    .map(neighbour => ({ op: 'neighbour.set', neighbour }));
}

/** States in which the kernel knows where a neighbour is; permanent ones are moved for good, see {@link neighboursOnHostPort}. */
const KNOWN = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;

/**
 * Tells one link what another has learned of its neighbours, as stale entries: the first packet after the routes have moved then
 * leaves at once, and is not held up by an ARP request that may get lost. The kernel asks again by itself.
 */
export function primeNeighbours(from: number, to: number, present: readonly Neighbour[]): Effect[] {
  const known = present.filter(n => n.linkIndex === from && n.mac !== null && (n.state & KNOWN) !== 0);
  return known
    .filter(n => !present.some(p => p.linkIndex === to && p.address === n.address && p.mac !== null))
    .map(n => ({ op: 'neighbour.set', neighbour: { ...n, linkIndex: to, state: NUD_STALE, flags: 0 } }));
}
