import type { Address } from '../../../domain/address.ts';
import type { KernelState } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import { answersTo, IFF_LOOPBACK, IFF_LOWER_UP, IFF_UP } from '../../../domain/link.ts';
import type { Neighbour } from '../../../domain/neighbour.ts';
import type { Route } from '../../../domain/route.ts';
import type { Rule } from '../../../domain/rule.ts';
import type { LinkSysctls } from '../../../domain/snapshot.ts';
import type { Clock } from '../../../engine/clock.ts';
import type { HostEvent } from '../../host.ts';
import type { IngressChain } from './ingress.ts';

/** What the kernel tells on its link and address groups. */
export type KernelEvent = Extract<HostEvent, { type: `netlink.${string}` }>;

/** An address with what the kernel keeps beside it. */
export interface HeldAddress {
  address: Address;
  /** On the clock; null for ever. */
  validUntilMs: number | null;
  preferredUntilMs: number | null;
  /** Duplicate address detection that runs, or the next change of a lifetime. */
  dadTimer: unknown;
  lifetimeTimer: unknown;
  /** It has outlived its link's going down (keep_addr_on_down), and begins anew when the link comes up. */
  isKept: boolean;
  /** Gone from the list: timers that still fire find it so. */
  isDead: boolean;
}

/** A rule with the links that its names are bound to; null while detached. */
export interface HeldRule {
  rule: Rule;
  iifIndex: number | null;
  oifIndex: number | null;
}

/** A link with what the kernel keeps beside it. */
export interface LinkNode {
  link: Link;
  /** What the wire says, seen while the link is up. */
  hasCarrier: boolean;
  /** False for those that never say more than `unknown` of their state: `lo`, taps, internal ports. */
  hasOperState: boolean;
  ipv4: HeldAddress[];
  ipv6: HeldAddress[];
  /** False while the kernel has taken IPv6 away from the link (MTU below 1280). */
  hasIpv6: boolean;
  /** IF_READY: up with carrier, so that IPv6 may speak on it. */
  isReady: boolean;
  /** Also those of IPv6 while the link has none; never changed in place. */
  sysctls: LinkSysctls;
  /** What is handed out while the link has no IPv6, until a sysctl changes. */
  sysctlsRead: LinkSysctls | undefined;
}

const IPV6_MIN_MTU = 1280;

/** True where the link could speak IPv6 at all. */
export function hasMtuForIpv6(link: Pick<Link, 'mtu'>): boolean {
  return link.mtu >= IPV6_MIN_MTU;
}

/** True when the link is up and the wire as well. */
export function runs(node: LinkNode): boolean {
  return (node.link.flags & IFF_UP) !== 0 && node.hasCarrier;
}

/** True unless IPv6 was taken from the link, by its MTU or by sysctl. */
export function speaksIpv6(node: LinkNode): boolean {
  return node.hasIpv6 && node.sysctls['ipv6/conf/{link}/disable_ipv6'] !== '1';
}

/** True for `lo`. */
export function isLoopback(link: Pick<Link, 'flags'>): boolean {
  return (link.flags & IFF_LOOPBACK) !== 0;
}

const STATELESS_KINDS = new Set(['tun', 'openvswitch', 'dummy', 'ifb']);

/** See {@link LinkNode.hasOperState}. */
export function tellsOperState(link: Link): boolean {
  if ((link.flags & IFF_LOWER_UP) !== 0) return link.operState !== 'unknown';
  return !isLoopback(link) && !STATELESS_KINDS.has(link.kind ?? '');
}

/**
 * The state of one network namespace; the files beside this one change it as the kernel would. Objects that are handed out are never
 * changed: a change puts another one in their place.
 */
export class Namespace {
  readonly clock: Clock;
  readonly liveRename: boolean;
  readonly defaults: LinkSysctls;
  /** In the order of their ifindex. */
  nodes: LinkNode[] = [];
  #byIndex = new Map<number, LinkNode>();
  nextIndex = 1;
  /** In the kernel's order, as are all lists here. */
  ipv4Routes: readonly Route[] = [];
  ipv6Routes: readonly Route[] = [];
  /** When an IPv6 route expires, on the clock. */
  readonly routeExpiry = new Map<Route, { dueMs: number; timer: unknown }>();
  rules: readonly HeldRule[] = [];
  neighbours: readonly Neighbour[] = [];
  chains: readonly IngressChain[] = [];
  muted: readonly string[] = [];
  #listeners = new Set<(event: KernelEvent) => void>();
  #full: KernelState | undefined;
  #withoutRoutes: KernelState | undefined;
  #links: readonly Link[] | undefined;
  #addresses: readonly Address[] | undefined;
  #rules: readonly Rule[] | undefined;
  #limited = 0;

  constructor(clock: Clock, liveRename: boolean, defaults: LinkSysctls) {
    this.clock = clock;
    this.liveRename = liveRename;
    this.defaults = defaults;
  }

  node(index: number): LinkNode | undefined {
    return this.#byIndex.get(index);
  }

  nodeByName(name: string): LinkNode | undefined {
    return this.nodes.find(node => node.link.name === name);
  }

  /** The kernel's own lookup, which finds altnames too. */
  nodeAnsweringTo(name: string): LinkNode | undefined {
    return this.nodes.find(node => answersTo(node.link, name));
  }

  insertNode(node: LinkNode): void {
    const at = this.nodes.findIndex(other => other.link.index > node.link.index);
    if (at < 0) this.nodes.push(node);
    else this.nodes.splice(at, 0, node);
    this.#byIndex.set(node.link.index, node);
    this.nextIndex = Math.max(this.nextIndex, node.link.index + 1);
    this.linksChanged();
    this.addressesChanged();
  }

  dropNode(node: LinkNode): void {
    this.nodes = this.nodes.filter(other => other !== node);
    this.#byIndex.delete(node.link.index);
    this.linksChanged();
    this.addressesChanged();
  }

  setLink(node: LinkNode, change: Partial<Link>): void {
    node.link = { ...node.link, ...change };
    this.linksChanged();
  }

  linksChanged(): void {
    this.#links = undefined;
    this.#forget();
  }

  addressesChanged(): void {
    this.#addresses = undefined;
    this.#forget();
  }

  rulesChanged(): void {
    this.#rules = undefined;
    this.#forget();
  }

  /** Routes or neighbours. */
  #forget(): void {
    this.#full = undefined;
    this.#withoutRoutes = undefined;
  }

  setIpv4Routes(routes: readonly Route[]): void {
    this.ipv4Routes = routes;
    this.#full = undefined;
  }

  setIpv6Routes(routes: readonly Route[]): void {
    this.ipv6Routes = routes;
    this.#full = undefined;
  }

  setNeighbours(neighbours: readonly Neighbour[]): void {
    this.neighbours = neighbours;
    this.#forget();
  }

  setChains(chains: readonly IngressChain[]): void {
    this.chains = chains;
    this.muted = chains.filter(chain => chain.drops).map(chain => chain.name);
  }

  /** True for an IPv6 route whose time is over, though it is still listed. */
  hasExpired(route: Route): boolean {
    const expiry = this.routeExpiry.get(route);
    return expiry !== undefined && expiry.dueMs <= this.clock.now();
  }

  /** Counts what runs down with time: while there is none, reading needs no look at the clock. */
  countLimited(by: 1 | -1): void {
    this.#limited += by;
  }

  read(withRoutes: boolean): KernelState {
    if (this.#limited > 0) this.#age();
    const known = withRoutes ? this.#full : this.#withoutRoutes;
    if (known !== undefined) return known;
    this.#links ??= this.nodes.map(node => node.link);
    this.#addresses ??= this.#listAddresses();
    this.#rules ??= this.rules.map(held => held.rule);
    const state: KernelState = {
      links: this.#links,
      addresses: this.#addresses,
      routes: withRoutes ? this.ipv4Routes.concat(this.ipv6Routes) : [],
      rules: this.#rules,
      neighbours: this.neighbours,
    };
    if (withRoutes) this.#full = state;
    else this.#withoutRoutes = state;
    return state;
  }

  #listAddresses(): readonly Address[] {
    const list: Address[] = [];
    for (const { ipv4 } of this.nodes) for (const held of ipv4) list.push(held.address);
    for (const { ipv6 } of this.nodes) for (const held of ipv6) list.push(held.address);
    return list;
  }

  #age(): void {
    const now = this.clock.now();
    const left = (untilMs: number | null): number | null =>
      untilMs === null ? null : Math.max(0, Math.ceil((untilMs - now) / 1000));
    for (const node of this.nodes) {
      for (const held of [...node.ipv4, ...node.ipv6]) {
        const validLifetimeS = left(held.validUntilMs);
        const preferredLifetimeS = left(held.preferredUntilMs);
        const was = held.address;
        if (was.validLifetimeS === validLifetimeS && was.preferredLifetimeS === preferredLifetimeS) continue;
        held.address = { ...was, validLifetimeS, preferredLifetimeS };
        this.addressesChanged();
      }
    }
    for (const [route, expiry] of [...this.routeExpiry]) {
      const expiresS = left(expiry.dueMs);
      if (route.expiresS === expiresS) continue;
      const aged = { ...route, expiresS };
      this.routeExpiry.delete(route);
      this.routeExpiry.set(aged, expiry);
      this.setIpv6Routes(this.ipv6Routes.map(other => (other === route ? aged : other)));
    }
  }

  subscribe(listener: (event: KernelEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: KernelEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  tellLink(node: LinkNode): void {
    this.tell({ type: 'netlink.link.changed', link: node.link });
  }

  tellAddress(held: HeldAddress): void {
    this.tell({ type: 'netlink.address.changed', address: held.address });
  }
}

/** IFF_RUNNING */
const IFF_RUNNING = 0x40;

/** The flags that follow from being up and from the wire. */
export function flagsOf(flags: number, isUp: boolean, hasCarrier: boolean): number {
  const chosen = flags & ~(IFF_UP | IFF_RUNNING | IFF_LOWER_UP);
  return chosen | (isUp ? IFF_UP : 0) | (isUp && hasCarrier ? IFF_RUNNING | IFF_LOWER_UP : 0);
}
