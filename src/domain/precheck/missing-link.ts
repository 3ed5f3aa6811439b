import type { Finding } from '../finding.ts';
import { linkByName } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { IFF_LOOPBACK } from '../link.ts';
import type { PrecheckContext } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';

/** The uplink exists under its own name: a lookup by altname finds whatever link has it now (F-03). */
export function checkUplinkExists({ kernel, request }: PrecheckContext): readonly Finding[] {
  const name = request.uplink;
  if (linkByName(kernel, name) !== undefined) return [];
  const bearer = kernel.links.find(link => link.altnames.includes(name));
  if (bearer !== undefined) {
    return [
      finding('uplink-missing', {
        message: `"${name}" is only an altname of the link ${bearer.name}`,
        culprit: bearer.name,
        advice: `name the link itself: ${bearer.name}`,
      }),
    ];
  }
  const near = nearNames(name, kernel.links);
  return [
    finding('uplink-missing', {
      message: `there is no link "${name}" in this network namespace`,
      culprit: name,
      advice: near.length > 0 ? `did you mean ${listed(near)}?` : 'look at the names with "ip link"',
    }),
  ];
}

/** At most three names that somebody could have meant, the nearest first. */
function nearNames(wanted: string, links: readonly Link[]): readonly string[] {
  return links
    .filter(link => (link.flags & IFF_LOOPBACK) === 0)
    .map(link => ({ name: link.name, distance: distanceBetween(wanted.toLowerCase(), link.name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= 2 || (wanted.length > 2 && name.startsWith(wanted)))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name, 'en'))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein distance; names have 15 characters at most, a wrong argument is cut. */
function distanceBetween(a: string, b: string): number {
  const [left, right] = [a.slice(0, 32), b.slice(0, 32)];
  let row = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
