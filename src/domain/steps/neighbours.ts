import type { Effect } from '../effect.ts';
import type { Link } from '../link.ts';
import type { Neighbour } from '../neighbour.ts';
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
