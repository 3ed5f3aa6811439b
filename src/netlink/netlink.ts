import type { Address } from '../domain/address.ts';
import type { KernelState } from '../domain/kernel-state.ts';
import type { Link } from '../domain/link.ts';
import type { Neighbour } from '../domain/neighbour.ts';
import type { Route } from '../domain/route.ts';
import type { Rule } from '../domain/rule.ts';
import type { NetlinkEvent, NetlinkGroup } from './event.ts';
import type { LinkChange, LinkSpec } from './link-requests.ts';
import type { NexthopObject } from './nexthop-object.ts';
import type { ProbeResult, ProbeTarget } from './probe-neighbour.ts';
import type { NetlinkRequest, NetlinkResult } from './request.ts';
import type { RouteColumns } from './route-columns.ts';
import type { RouteMode } from './route-requests.ts';
import type { NetlinkSubscription } from './subscription.ts';

/** How to open a client. */
export interface NetlinkOptions {
  /** Namespace to work in (`/run/netns/x`, `/proc/1/ns/net`); the present one when left out. */
  readonly netnsPath?: string;
  /** Asked for with SO_RCVBUFFORCE for each subscription; 8 MiB when left out, which holds about 20,000 route events. */
  readonly receiveBufferBytes?: number;
}

/**
 * An rtnetlink client for one network namespace. Dumps run one after another and are tried again while the kernel calls
 * them interrupted; they reject with NETLINK_REFUSED, NETLINK_OVERRUN, NETLINK_MALFORMED. Requests resolve on the
 * kernel's acknowledgement, in the order of the calls, and reject with NETLINK_REFUSED, which carries errno and the
 * kernel's extended-ack text. Everything rejects with NETLINK_CLOSED after `close`.
 */
export interface Netlink extends AsyncDisposable {
  links(): Promise<Link[]>;
  addresses(filter?: { readonly family?: 4 | 6; readonly linkIndex?: number }): Promise<Address[]>;
  /** Without those that the kernel cached for single destinations. A table that does not exist is empty. */
  routes(filter?: { readonly family?: 4 | 6; readonly table?: number }): Promise<Route[]>;
  /** Routes as typed arrays: a tenth of the memory and a third of the time for 100,000 and more. */
  routeColumns(filter?: { readonly family?: 4 | 6; readonly table?: number }): Promise<RouteColumns>;
  rules(filter?: { readonly family?: 4 | 6 }): Promise<Rule[]>;
  /** With proxy entries (NTF_PROXY) at the end. */
  neighbours(filter?: { readonly linkIndex?: number }): Promise<Neighbour[]>;
  /** Empty on kernels without nexthop objects (before 5.3). */
  nexthopObjects(): Promise<NexthopObject[]>;
  /** Ids by which this namespace knows others. */
  netnsIds(): Promise<number[]>;
  /** Links, addresses, routes, rules and neighbours, dumped one after another: not one instant. */
  readKernelState(): Promise<KernelState>;
  linkByIndex(index: number): Promise<Link | undefined>;
  /** The kernel's lookup: **answers to altnames too**, so compare `link.name` where it matters (F-03). */
  linkByName(name: string): Promise<Link | undefined>;

  /** All changes go in one RTM_NEWLINK. When it is refused, some may have been made (facts/peers.md §9.3). */
  setLink(index: number, changes: LinkChange): Promise<void>;
  createLink(spec: LinkSpec): Promise<void>;
  deleteLink(index: number): Promise<void>;
  addAltname(index: number, altname: string): Promise<void>;
  removeAltname(index: number, altname: string): Promise<void>;
  addAddress(address: Address, mode: 'create' | 'replace'): Promise<void>;
  /** Never sends the label (F-51). */
  removeAddress(address: Address): Promise<void>;
  /** Rejects with UNSUPPORTED for nexthop objects and encapsulation. Leaves out leg flags that only the kernel may set. */
  addRoute(route: Route, mode: RouteMode): Promise<void>;
  removeRoute(route: Route): Promise<void>;
  addRule(rule: Rule): Promise<void>;
  removeRule(rule: Rule): Promise<void>;
  setNeighbour(neighbour: Neighbour): Promise<void>;
  removeNeighbour(neighbour: Pick<Neighbour, 'family' | 'linkIndex' | 'address' | 'flags'>): Promise<void>;
  /** See `probeNeighbour` in probe-neighbour.ts: resolves with the verdict, `reachable: false` when the time is over. */
  probeNeighbour(
    target: ProbeTarget,
    options: { readonly signal?: AbortSignal; readonly timeoutMs: number },
  ): Promise<ProbeResult>;
  /** Many requests at once (250 a datagram), one result each, in order; a refused one does not stop the others. */
  batch(requests: readonly NetlinkRequest[]): Promise<NetlinkResult[]>;

  /** Delivers events from a socket of its own until closed. Ask before you dump, so that nothing falls between. */
  subscribe(groups: readonly NetlinkGroup[], listener: (event: NetlinkEvent) => void): NetlinkSubscription;
  /** Dumps thrown away because the kernel called them interrupted. */
  readonly interruptedDumps: number;
  /** Closes the sockets and all subscriptions; resolves when no dump runs any more. May be called twice. */
  close(): Promise<void>;
}
