import { formatAddress } from '../../domain/address.ts';
import type { KernelState } from '../../domain/kernel-state.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import { IFF_PROMISC, isUp } from '../../domain/link.ts';
import type { Neighbour } from '../../domain/neighbour.ts';
import { NUD_PERMANENT } from '../../domain/neighbour.ts';
import type { OvsBridge, OvsState } from '../../domain/ovs-state.ts';
import { findInterface } from '../../domain/ovs-state.ts';
import type { Route } from '../../domain/route.ts';
import { formatRoute, RT_SCOPE_LINK } from '../../domain/route.ts';
import type { LinkSysctls } from '../../domain/snapshot.ts';
import { isKernelOwned } from '../../domain/snapshot.ts';
import type { Match } from '../scenario.ts';
import { formatRule } from './format-rule.ts';

/** A host as the expectations of a scenario see it; plain JSON. */
export interface HostView {
  /** By present name. */
  readonly links: Readonly<Record<string, LinkView>>;
  /** `default via 10.9.0.1 metric 100 dev eth0`, in the kernel's order, without those that the kernel makes by itself. */
  readonly routes: readonly string[];
  /** `1000: from 10.9.0.3/32 lookup 100`, as `ip rule` prints them; those of IPv6 after `-6 `. */
  readonly rules: readonly string[];
  /** Permanent ones: `10.9.0.9 dev eth0 lladdr 02:00:00:00:00:09`. */
  readonly neighbours: readonly string[];
  /** By link, with keys like `ipv4/conf/rp_filter`; only of links that somebody looks at. */
  readonly sysctls: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly ovs: { readonly bridges: Readonly<Record<string, BridgeView>> };
  /** Stage of the uplink's journal; null where there is none. */
  readonly journal: string | null;
}

/** A link in it. */
export interface LinkView {
  /** `10.9.0.2/24`, in the kernel's order, without the link-local ones of IPv6. */
  readonly addresses: readonly string[];
  readonly altnames: readonly string[];
  readonly up: boolean;
  readonly mtu: number;
  readonly mac: string | null;
  readonly kind: string | null;
  readonly master: string | null;
  /** IFF_PROMISC, as a program asked for it. */
  readonly promiscuous: boolean;
  /** The kernel drops what arrives, because we told it to. */
  readonly muted: boolean;
}

/** A bridge of Open vSwitch in it. */
export interface BridgeView {
  readonly datapathType: string;
  readonly failMode: string | null;
  readonly controllers: number;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, PortView>>;
}

/** A port of it, with what the interface of its name says. */
export interface PortView {
  readonly type: string | null;
  readonly ofport: number | null;
  readonly error: string | null;
  readonly externalIds: Readonly<Record<string, string>>;
}

/** What a view is made of, on the simulated host and on a real one. */
export interface ViewedHost {
  readonly kernel: KernelState;
  readonly muted: readonly string[];
  readonly ovs: OvsState | undefined;
  /** By link name. */
  readonly sysctls: Readonly<Record<string, LinkSysctls>>;
  readonly journal: string | null;
}

/** Makes the view. */
export function viewHost({ kernel, muted, ovs, sysctls, journal }: ViewedHost): HostView {
  const bridges = ovs?.bridges ?? [];
  return {
    links: Object.fromEntries(kernel.links.map(link => [link.name, viewLink(link, kernel, muted)])),
    routes: kernel.routes.filter(route => !isKernelOwned(route)).map(route => viewRoute(route, kernel)),
    rules: kernel.rules.map(formatRule),
    neighbours: kernel.neighbours
      .filter(({ state }) => (state & NUD_PERMANENT) !== 0)
      .map(neighbour => viewNeighbour(neighbour, kernel)),
    sysctls: Object.fromEntries(Object.entries(sysctls).map(([name, values]) => [name, withoutLink(values)])),
    ovs: {
      bridges: Object.fromEntries(ovs === undefined ? [] : bridges.map(row => [row.name, viewBridge(row, ovs)])),
    },
    journal,
  };
}

/** Links whose sysctls an expectation looks at: reading all of them would be slow. */
export function linksWithSysctls(expected: Match): readonly string[] {
  const sysctls = isMapping(expected) ? expected['sysctls'] : undefined;
  return isMapping(sysctls) ? Object.keys(sysctls) : [];
}

function isMapping(match: Match | undefined): match is { readonly [key: string]: Match } {
  return typeof match === 'object' && match !== null && !Array.isArray(match);
}

function viewLink(link: Link, kernel: KernelState, muted: readonly string[]): LinkView {
  const own = kernel.addresses.filter(({ linkIndex }) => linkIndex === link.index);
  return {
    addresses: own.filter(({ family, scope }) => family === 4 || scope !== RT_SCOPE_LINK).map(formatAddress),
    altnames: link.altnames,
    up: isUp(link),
    mtu: link.mtu,
    mac: link.mac,
    kind: link.kind,
    master: link.master === null ? null : nameOf(link.master, kernel),
    promiscuous: (link.flags & IFF_PROMISC) !== 0,
    muted: muted.includes(link.name),
  };
}

function viewRoute(route: Route, kernel: KernelState): string {
  const links = [...new Set(route.nexthops.map(hop => nameOf(hop.linkIndex, kernel)))];
  return links.length === 0 ? formatRoute(route) : `${formatRoute(route)} dev ${links.join(',')}`;
}

function viewNeighbour({ address, linkIndex, mac }: Neighbour, kernel: KernelState): string {
  return `${address} dev ${nameOf(linkIndex, kernel)}${mac === null ? '' : ` lladdr ${mac}`}`;
}

function nameOf(index: number | null, kernel: KernelState): string {
  return (index === null ? undefined : linkByIndex(kernel, index)?.name) ?? `if${index}`;
}

function viewBridge(row: OvsBridge, ovs: OvsState): BridgeView {
  const ports = ovs.ports.filter(({ uuid }) => row.ports.includes(uuid));
  const { datapathType, failMode, controllers, externalIds, otherConfig } = row;
  return {
    datapathType,
    failMode,
    controllers,
    externalIds,
    otherConfig,
    ports: Object.fromEntries(
      ports.map(port => {
        const held = findInterface(ovs, port.name);
        const { type = null, ofport = null, error = null } = held ?? {};
        return [port.name, { type, ofport, error, externalIds: port.externalIds }];
      }),
    ),
  };
}

function withoutLink(values: LinkSysctls): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key.replace('/{link}', ''), value]));
}
