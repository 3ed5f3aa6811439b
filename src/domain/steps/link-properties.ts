import type { Effect } from '../effect.ts';
import type { Link } from '../link.ts';
import { IFF_PROMISC, isUp } from '../link.ts';
import type { LinkSysctls, Snapshot } from '../snapshot.ts';
import { refOf } from './context.ts';

/** Reverse path filter of a link: strict would drop what arrives on the one link while the route still points to the other. */
export const RP_FILTER = 'ipv4/conf/{link}/rp_filter';
const RP_FILTER_LOOSE = '2';

/** Read-only, or the same value in another unit, or following from something else that is set. */
export const NOT_COPIED: ReadonlySet<string> = new Set([
  'ipv4/conf/{link}/mc_forwarding',
  'ipv6/conf/{link}/mc_forwarding',
  'ipv6/conf/{link}/mtu',
  'ipv4/neigh/{link}/retrans_time',
  'ipv6/neigh/{link}/retrans_time',
  'ipv4/neigh/{link}/base_reachable_time',
  'ipv6/neigh/{link}/base_reachable_time',
  'ipv4/neigh/{link}/unres_qlen',
  'ipv6/neigh/{link}/unres_qlen',
]);

/** Writes the sysctls that differ. `except` are left as they are. */
export function copySysctls(
  link: Link,
  wanted: LinkSysctls,
  present: LinkSysctls,
  except: readonly string[] = [],
): Effect[] {
  const effects: Effect[] = [];
  for (const key of Object.keys(wanted)) {
    const value = wanted[key];
    const now = present[key];
    // Most are alike.
    if (now === value || now === undefined || value === undefined) continue;
    if (NOT_COPIED.has(key) || except.includes(key)) continue;
    effects.push({ op: 'sysctl.write', link: refOf(link), key, value });
  }
  return effects;
}

/** Loosens the reverse path filter of the link for the time of the move. */
export function loosenReversePath(link: Link, present: LinkSysctls): Effect[] {
  const now = present[RP_FILTER];
  if (now === undefined || now === RP_FILTER_LOOSE) return [];
  return [{ op: 'sysctl.write', link: refOf(link), key: RP_FILTER, value: RP_FILTER_LOOSE }];
}

/** Puts the link's own properties back; the name is a step of its own. */
export function restoreProperties(link: Link, was: Link): Effect[] {
  const change: {
    -readonly [K in 'up' | 'promiscuous' | 'mtu' | 'mac' | 'alias' | 'group' | 'txQueueLength']?: Extract<
      Effect,
      { op: 'link.set' }
    >[K];
  } = {};
  if (isUp(link) !== isUp(was)) change.up = isUp(was);
  // An ovs-vswitchd that was killed never takes it off again, nor does the one that comes after it.
  if ((link.flags & IFF_PROMISC) !== 0 && (was.flags & IFF_PROMISC) === 0) change.promiscuous = false;
  if (link.mtu !== was.mtu) change.mtu = was.mtu;
  if (was.mac !== null && link.mac !== was.mac) change.mac = was.mac;
  if ((link.alias ?? '') !== (was.alias ?? '')) change.alias = was.alias ?? '';
  if (link.group !== was.group) change.group = was.group;
  if (link.txQueueLength !== was.txQueueLength) change.txQueueLength = was.txQueueLength;
  return Object.keys(change).length === 0 ? [] : [{ op: 'link.set', link: refOf(link), ...change }];
}

/** Altnames as they were. Those that somebody else added meanwhile stay, unless they would hide the link's own name. */
export function restoreAltnames(link: Link, snapshot: Snapshot): Effect[] {
  return snapshot.link.altnames
    .filter(altname => !link.altnames.includes(altname) && altname !== link.name)
    .map(altname => ({ op: 'altname.add', link: refOf(link), altname }));
}
