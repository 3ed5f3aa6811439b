import type { Address } from '../../../domain/address.ts';
import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_PERMANENT,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
} from '../../../domain/address.ts';
import type { Effect } from '../../../domain/effect.ts';
import type { KernelState } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import { isUp } from '../../../domain/link.ts';
import type { Route } from '../../../domain/route.ts';
import { RT_TABLE_LOCAL } from '../../../domain/route.ts';
import type { Rule } from '../../../domain/rule.ts';
import type { LinkSysctls } from '../../../domain/snapshot.ts';
import type { Failure, UplinkError } from '../../../errors.ts';
import type { KernelEffect } from '../kernel/kernel-model.ts';
import { createKernelModel } from '../kernel/kernel-model.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { IFF_SLAVE, type PlannedLink, planLinks } from './describe-links.ts';
import type { HostDocument, LinkDocument } from './host-schema.ts';
import { withKeys } from './link-sysctls.ts';
import type { DescribedAddress } from './parse-address.ts';
import { parseAddress } from './parse-address.ts';
import { parseRule } from './parse-rule.ts';

/** Flags that nobody can ask the kernel for: an address has them because of how it came, or what became of it. */
const STATE_FLAGS = IFA_F_TEMPORARY | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
const NO_DAD = { 'ipv6/conf/accept_dad': '0' };
const IPV6_MTU = 'ipv6/conf/mtu';
const RTPROT_KERNEL = 2;
const LOOPBACK_IPV6 = '::1';
const LOOPBACK_ADDRESS = '127.0.0.1/8 scope host label lo';

/** Rules of every namespace. */
const DEFAULT_RULES: readonly Rule[] = ['from all lookup local priority 0', 'from all lookup main priority 32766']
  .flatMap(line => parseRule(`${line} proto kernel`))
  .concat(parseRule('-4 from all lookup default priority 32767 proto kernel'))
  .toSorted((a, b) => a.family - b.family || a.priority - b.priority);

/** Says where in the description something stands that the kernel refuses. */
export type Complain = (path: readonly PropertyKey[], failure: Failure) => UplinkError;

/**
 * Configures a new namespace as somebody at its console would, and reads what came of it: links up, addresses, routes, rules, neighbours, in the
 * order of the description. Duplicate address detection is over.
 */
export function buildKernel(
  host: HostDocument,
  liveRename: boolean,
  defaults: LinkSysctls,
  complain: Complain,
): { readonly kernel: KernelState; readonly sysctls: Readonly<Record<string, LinkSysctls>> } {
  const planned = planLinks(host);
  const sysctls = Object.fromEntries(planned.map(one => [one.link.name, sysctlsOf(one, defaults)]));
  const model = createKernelModel({
    clock: createVirtualClock(),
    state: { links: planned.map(one => one.link), addresses: [], routes: [], rules: DEFAULT_RULES, neighbours: [] },
    sysctls: Object.fromEntries(Object.entries(sysctls).map(([name, values]) => [name, withKeys(values, NO_DAD)])),
    defaults,
    liveRename,
  });
  const apply = (path: readonly PropertyKey[], effect: KernelEffect): void => {
    const result = model.apply(effect);
    if (!result.ok) throw complain(path, result.failure);
  };
  const indexOf = (name: string): number => planned.find(one => one.link.name === name)?.link.index ?? 0;

  for (const { link, up } of planned) {
    if (up) apply([], setUp(link));
    // The kernel's own doing when lo comes up, before anything else has an address (inetdev_event).
    if (link.name === 'lo' && model.read({ routes: false }).addresses.every(a => a.family === 6)) {
      apply([], { op: 'address.add', address: { ...parseAddress(LOOPBACK_ADDRESS), linkIndex: link.index } });
    }
  }
  host.links.forEach((link, at) => {
    for (const [n, address] of link.addresses.entries()) {
      apply(['links', at, 'addresses', n], {
        op: 'address.add',
        address: toAddress(address, link, indexOf(link.name)),
      });
    }
  });
  host.routes.forEach((route, at) => {
    const nexthops = route.nexthops.map(({ dev, ...hop }) => ({
      linkIndex: dev === 'lo' ? 1 : indexOf(dev ?? ''),
      ...hop,
    }));
    apply(['routes', at], { op: 'route.add', route: { ...route, expiresS: null, nexthops } });
  });
  host.rules.forEach((rules, at) => {
    for (const rule of rules) apply(['rules', at], { op: 'rule.add', rule });
  });
  host.links.forEach((link, at) => {
    for (const [n, neighbour] of link.neighbours.entries()) {
      const entry = { ...neighbour, linkIndex: indexOf(link.name) };
      apply(['links', at, 'neighbours', n], { op: 'neighbour.set', neighbour: entry });
    }
  });
  return { kernel: withHistory(asDriversHaveIt(model.read({ routes: true })), host, indexOf), sysctls };
}

function setUp(link: PlannedLink['link']): Extract<Effect, { op: 'link.set' }> {
  return { op: 'link.set', link: { index: link.index, name: link.name }, up: true };
}

function sysctlsOf({ link, document }: PlannedLink, defaults: LinkSysctls): LinkSysctls {
  return withKeys(defaults, { [IPV6_MTU]: String(link.mtu), ...document?.sysctls });
}

function toAddress(address: DescribedAddress, link: LinkDocument, linkIndex: number): Address {
  const label = address.family === 4 ? (address.label ?? link.name) : null;
  return { ...address, linkIndex, label, flags: address.flags & ~STATE_FLAGS };
}

/**
 * What drivers decide: links without a notion of a wire are in state `unknown` while they are up, members of a bond have no IPv6; and lo has its
 * own way (init_loopback): a permanent address and its local route, nothing else.
 */
function asDriversHaveIt(kernel: KernelState): KernelState {
  const isMember = (index: number | null): boolean =>
    kernel.links.some(link => link.index === index && (link.flags & IFF_SLAVE) !== 0);
  const hasNoWire = ({ name, kind }: Link): boolean =>
    name === 'lo' || kind === 'tun' || kind === 'openvswitch' || kind === 'dummy';
  return {
    ...kernel,
    links: kernel.links.map(link => (isUp(link) && hasNoWire(link) ? { ...link, operState: 'unknown' } : link)),
    addresses: kernel.addresses
      .filter(address => !isMember(address.linkIndex))
      .map(address => (address.local === LOOPBACK_IPV6 ? { ...address, flags: IFA_F_PERMANENT } : address)),
    routes: kernel.routes
      .filter(route => !route.nexthops.some(hop => isMember(hop.linkIndex)))
      .filter(route => route.table === RT_TABLE_LOCAL || route.destination !== `${LOOPBACK_IPV6}/128`),
  };
}

/** Adds what only comes with time or from others: temporary and deprecated addresses, routes that run out. */
function withHistory(kernel: KernelState, host: HostDocument, indexOf: (name: string) => number): KernelState {
  const described = host.links.flatMap(link =>
    link.addresses.map(address => ({ ...address, linkIndex: indexOf(link.name) })),
  );
  const expiring = host.routes.filter(route => route.expiresS !== null);
  return {
    ...kernel,
    addresses: kernel.addresses.map(address => {
      const said = described.find(
        one =>
          one.linkIndex === address.linkIndex &&
          one.local === address.local &&
          one.prefixLength === address.prefixLength &&
          one.peer === address.peer,
      );
      const flags = (said?.flags ?? 0) & STATE_FLAGS;
      return flags === 0 ? address : { ...address, flags: (address.flags | flags) & ~permanentOf(said) };
    }),
    routes: kernel.routes.map(route => {
      const said = expiring.find(
        one =>
          one.family === route.family &&
          one.table === route.table &&
          one.destination === route.destination &&
          one.priority === route.priority &&
          one.protocol !== RTPROT_KERNEL &&
          one.nexthops[0]?.gateway === route.nexthops[0]?.gateway,
      );
      return said === undefined ? route : ({ ...route, expiresS: said.expiresS } satisfies Route);
    }),
  };
}

function permanentOf(address: DescribedAddress | undefined): number {
  return address?.validLifetimeS === null ? 0 : IFA_F_PERMANENT;
}
