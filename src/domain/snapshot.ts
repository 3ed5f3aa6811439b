import type { Address } from './address.ts';
import type { KernelState } from './kernel-state.ts';
import { linkByIndex } from './kernel-state.ts';
import type { Link } from './link.ts';
import type { Neighbour } from './neighbour.ts';
import { NUD_PERMANENT } from './neighbour.ts';
import type { OwnerFacts } from './owners.ts';
import type { Route } from './route.ts';
import { RT_TABLE_LOCAL, RTN_MULTICAST, RTPROT_KERNEL, usesLink } from './route.ts';
import type { Rule } from './rule.ts';

/** Per-link sysctls: path below /proc/sys/net with `{link}` for the link's name (`ipv4/conf/{link}/rp_filter`) to value. */
export type LinkSysctls = Readonly<Record<string, string>>;

/** Everything the uplink had before the first change; plain JSON, kept in the journal. */
export interface Snapshot {
  readonly link: Link;
  /** In the kernel's order, which decides who is primary. */
  readonly addresses: readonly Address[];
  /** Routes of all tables with a leg on the uplink, in the kernel's order; those that the kernel makes by itself are left out. */
  readonly routes: readonly Route[];
  /** All rules of the namespace: they refer to links by name and to tables by number. */
  readonly rules: readonly Rule[];
  /** Permanent neighbours on the uplink. */
  readonly neighbours: readonly Neighbour[];
  readonly sysctls: LinkSysctls;
  /** Members of the bond that the uplink was to form with them; absent without one. */
  readonly members?: readonly Link[];
  /** Who managed it, and how; absent in a snapshot taken before this was looked at. */
  readonly owners?: OwnerFacts;
}

/**
 * Routes that the kernel makes and removes together with an address or the link: everything in the local table, the
 * IPv6 multicast route and the prefix route of IPv6 link-local addresses. Connected prefix routes are not among them: with `noprefixroute` they belong to somebody else.
 */
export function isKernelOwned(route: Route): boolean {
  return (
    route.table === RT_TABLE_LOCAL ||
    route.type === RTN_MULTICAST ||
    route.destination === 'ff00::/8' ||
    (route.destination === 'fe80::/64' && route.protocol === RTPROT_KERNEL)
  );
}

/** Takes the snapshot of one link out of a dump. Returns undefined when the link is not there. */
export function takeSnapshot(kernel: KernelState, linkIndex: number, sysctls: LinkSysctls): Snapshot | undefined {
  const link = linkByIndex(kernel, linkIndex);
  if (link === undefined) return undefined;
  return {
    link,
    addresses: kernel.addresses.filter(a => a.linkIndex === linkIndex),
    routes: kernel.routes.filter(r => usesLink(r, linkIndex) && !isKernelOwned(r)),
    rules: kernel.rules,
    neighbours: kernel.neighbours.filter(n => n.linkIndex === linkIndex && (n.state & NUD_PERMANENT) !== 0),
    sysctls,
  };
}
