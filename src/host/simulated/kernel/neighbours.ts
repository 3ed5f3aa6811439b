import type { Neighbour } from '../../../domain/neighbour.ts';
import { NUD_PERMANENT } from '../../../domain/neighbour.ts';
import type { Namespace } from './namespace.ts';
import { speaksIpv6 } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

const NTF_PROXY = 0x08;

function isSameEntry(a: Neighbour, b: Neighbour): boolean {
  return (
    a.family === b.family &&
    a.linkIndex === b.linkIndex &&
    a.address === b.address &&
    (a.flags & NTF_PROXY) === (b.flags & NTF_PROXY)
  );
}

/** neigh_add with CREATE and REPLACE. */
export function setNeighbour(ns: Namespace, wanted: Neighbour): Refusal | null {
  const node = ns.node(wanted.linkIndex);
  if (node === undefined) return refuse('ENODEV');
  if (wanted.family === 6 && !speaksIpv6(node)) return refuse('EINVAL', 'IPv6 is disabled on this device');
  const list = ns.neighbours;
  const at = list.findIndex(one => isSameEntry(one, wanted));
  const was = list[at];
  const made: Neighbour = { ...wanted, mac: wanted.mac ?? was?.mac ?? null };
  ns.setNeighbours(at < 0 ? [...list, made] : list.with(at, made));
  return null;
}

/** neigh_delete */
export function removeNeighbour(ns: Namespace, wanted: Neighbour): Refusal | null {
  if (ns.node(wanted.linkIndex) === undefined) return refuse('ENODEV');
  const left = ns.neighbours.filter(one => !isSameEntry(one, wanted));
  if (left.length === ns.neighbours.length) return refuse('ENOENT');
  ns.setNeighbours(left);
  return null;
}

/** neigh_flush_dev: a link that goes down loses `all`, one that loses its carrier keeps the permanent ones. */
export function dropNeighbours(ns: Namespace, family: 4 | 6, linkIndex: number, which: 'all' | 'learned'): void {
  const left = ns.neighbours.filter(
    one =>
      one.family !== family ||
      one.linkIndex !== linkIndex ||
      (which === 'learned' && (one.state & NUD_PERMANENT) !== 0),
  );
  if (left.length !== ns.neighbours.length) ns.setNeighbours(left);
}
