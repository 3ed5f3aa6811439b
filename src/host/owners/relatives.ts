import type { Link } from '../../domain/link.ts';

/** Links that go up and down with the uplink: what stands on it, its ports, its master, and what stands on those. */
export function relativesOf(uplinkIndex: number, links: readonly Link[]): readonly Link[] {
  const found = new Set<number>([uplinkIndex]);
  const isBound = (link: Link): boolean =>
    (link.lowerNetnsId === null && link.lower !== null && link.kind !== 'veth' && found.has(link.lower)) ||
    (link.master !== null && found.has(link.master)) ||
    links.some(port => found.has(port.index) && port.master === link.index);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const link of links) if (isBound(link)) found.add(link.index);
  }
  found.delete(uplinkIndex);
  return links.filter(link => found.has(link.index));
}
