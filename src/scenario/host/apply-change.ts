import type { Address } from '../../domain/address.ts';
import { formatAddress } from '../../domain/address.ts';
import { linkByName } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import type { Nexthop, Route } from '../../domain/route.ts';
import type { Rule } from '../../domain/rule.ts';
import type { Failure } from '../../errors.ts';
import { describeFailure } from '../../errors.ts';
import { parseAddress } from '../../host/simulated/description/parse-address.ts';
import { parseRoute } from '../../host/simulated/description/parse-route.ts';
import { parseRule } from '../../host/simulated/description/parse-rule.ts';
import type { KernelEffect } from '../../host/simulated/kernel/kernel-model.ts';
import type { World } from '../../host/simulated/world.ts';
import type { Change } from '../actor.ts';

/** A change with its links found: it can be made in every world that has them, under whatever name. */
export interface ResolvedChange {
  /** The links that it touches. */
  readonly links: readonly number[];
  /** Makes it; why not where it cannot be made, else null. `on` says on which link instead of one of {@link links}. */
  apply(world: World, on?: Substitute): string | null;
}

/** The ifindex that stands for another one. */
export type Substitute = (index: number) => number;

const same: Substitute = index => index;

/** Far from those that the kernel gives out, so that a link has the same one in a shadow of its world; downwards, since the kernel goes on upwards. */
const FIRST_ADDED_INDEX = 950;

/** Finds in a world what a change names, as it is called now; a text says what is not there. `added`: how many links were added before. */
export function resolveChange(change: Change, world: World, added: number): ResolvedChange | string {
  const links = readLinks(world);
  const on = (name: string, make: (link: Link) => KernelEffect | string): ResolvedChange | string => {
    const found = linkByName({ links }, name);
    if (found === undefined) return `there is no link ${name}`;
    return onLink(found.index, make);
  };
  switch (change.kind) {
    case 'altname.add':
    case 'altname.remove':
      return on(change.link, link => ({ op: change.kind, link, altname: change.altname }));
    case 'link.rename':
      return on(change.link, link => ({ op: 'link.rename', link, to: change.to }));
    case 'link.set':
      return on(change.link, link => ({
        op: 'link.set',
        link,
        ...(change.up === null ? {} : { up: change.up }),
        ...(change.mtu === null ? {} : { mtu: change.mtu }),
        ...(change.mac === null ? {} : { mac: change.mac }),
      }));
    case 'sysctl.write':
      return on(change.link, link => ({ op: 'sysctl.write', link, key: withLink(change.key), value: change.value }));
    case 'link.add':
      return resolveNewLink(change, links, added);
    case 'link.remove': {
      const found = linkByName({ links }, change.link);
      if (found === undefined) return `there is no link ${change.link}`;
      return { links: [found.index], apply: at => removeLink(at, found.index) };
    }
    case 'address.add':
      return on(change.link, link => ({ op: 'address.add', address: toAddress(change.address, link) }));
    case 'address.remove': {
      const found = linkByName({ links }, change.link);
      if (found === undefined) return `there is no link ${change.link}`;
      return { links: [found.index], apply: (at, as = same) => removeAddress(at, change.address, as(found.index)) };
    }
    case 'route.add':
    case 'route.remove':
      return resolveRoute(change.kind, change.route, links);
    case 'rule.add':
    case 'rule.remove': {
      const rules = parseRule(change.rule);
      return { links: [], apply: at => applyRules(at, change.kind, rules, change.rule) };
    }
    case 'ovsdb.port.remove':
      return { links: [], apply: at => removePort(at, change.port) };
    case 'ovsdb.bridge.remove':
      return { links: [], apply: at => removeBridge(at, change.bridge) };
  }
}

function readLinks(world: World): readonly Link[] {
  return world.kernel.read({ routes: false }).links;
}

/** One effect on one link, which may have another name in another world. */
function onLink(index: number, make: (link: Link) => KernelEffect | string): ResolvedChange {
  return {
    links: [index],
    apply(world, as = same) {
      const link = readLinks(world).find(one => one.index === as(index));
      if (link === undefined) return `there is no link ${as(index)}`;
      const effect = make(link);
      return typeof effect === 'string' ? effect : applyEffect(world, effect);
    },
  };
}

function applyEffect(world: World, effect: KernelEffect): string | null {
  const result = world.kernel.apply(effect);
  return result.ok ? null : describeFailure(result.failure);
}

function removeLink(world: World, index: number): null {
  world.kernel.removeLink(index);
  return null;
}

function resolveNewLink(
  { name, linkKind, on }: Extract<Change, { kind: 'link.add' }>,
  links: readonly Link[],
  added: number,
): ResolvedChange | string {
  const lower = on === null ? undefined : linkByName({ links }, on);
  if (on !== null && lower === undefined) return `there is no link ${on}`;
  const spec = { name, kind: linkKind, lower: lower?.index ?? null, index: FIRST_ADDED_INDEX - added };
  const inherited = lower === undefined ? {} : { mac: lower.mac, mtu: lower.mtu };
  return {
    links: lower === undefined ? [] : [lower.index],
    apply: world => whyNot(world.kernel.addLink({ ...spec, ...inherited })),
  };
}

function whyNot(made: Link | Failure): string | null {
  return 'code' in made ? describeFailure(made) : null;
}

/** `ipv4/conf/rp_filter` as the engine has it. */
function withLink(key: string): string {
  const [family, group, ...name] = key.split('/');
  return key.includes('{link}') ? key : `${family}/${group}/{link}/${name.join('/')}`;
}

function toAddress(line: string, link: Link): Address {
  const described = parseAddress(line);
  const label = described.family === 4 ? (described.label ?? link.name) : null;
  return { ...described, linkIndex: link.index, label };
}

function removeAddress(world: World, line: string, linkIndex: number): string | null {
  const { local, prefixLength, peer } = parseAddress(line);
  const address = world.kernel
    .read({ routes: false })
    .addresses.find(
      one =>
        one.linkIndex === linkIndex && one.local === local && one.prefixLength === prefixLength && one.peer === peer,
    );
  if (address === undefined) return `there is no address ${formatAddress({ local, prefixLength, peer })} on it`;
  return applyEffect(world, { op: 'address.remove', address });
}

function resolveRoute(
  kind: 'route.add' | 'route.remove',
  line: string,
  links: readonly Link[],
): ResolvedChange | string {
  const { nexthops, ...described } = parseRoute(line);
  const legs: (Nexthop & { readonly linkIndex: number })[] = [];
  for (const { dev, ...leg } of nexthops) {
    const link = linkByName({ links }, dev ?? '');
    if (link === undefined) return `there is no link ${dev}`;
    legs.push({ ...leg, linkIndex: link.index });
  }
  return {
    links: legs.map(leg => leg.linkIndex),
    apply(world, as = same) {
      const route: Route = { ...described, nexthops: legs.map(leg => ({ ...leg, linkIndex: as(leg.linkIndex) })) };
      if (kind === 'route.add') return applyEffect(world, { op: 'route.add', route });
      const present = world.kernel.read({ routes: true }).routes.find(one => isSameRoute(one, route));
      if (present === undefined) return 'there is no such route';
      return applyEffect(world, { op: 'route.remove', route: present });
    },
  };
}

/** As `ip route del` finds it: what is not said may be anything. */
function isSameRoute(present: Route, said: Route): boolean {
  return (
    present.family === said.family &&
    present.table === said.table &&
    present.type === said.type &&
    present.destination === said.destination &&
    (present.priority ?? 0) === (said.priority ?? 0) &&
    said.nexthops.every(leg =>
      present.nexthops.some(
        one => one.linkIndex === leg.linkIndex && (leg.gateway === null || one.gateway === leg.gateway),
      ),
    )
  );
}

function applyRules(
  world: World,
  kind: 'rule.add' | 'rule.remove',
  rules: readonly Rule[],
  line: string,
): string | null {
  for (const rule of rules) {
    if (kind === 'rule.add') {
      const why = applyEffect(world, { op: 'rule.add', rule });
      if (why !== null) return why;
      continue;
    }
    const present = world.kernel.read({ routes: false }).rules.find(one => isSameRule(one, rule));
    if (present === undefined) return `there is no rule ${line}`;
    const why = applyEffect(world, { op: 'rule.remove', rule: present });
    if (why !== null) return why;
  }
  return null;
}

/** Protocol and flags are the kernel's or the maker's. */
function isSameRule(present: Rule, said: Rule): boolean {
  const keys = ['family', 'priority', 'action', 'table', 'from', 'to', 'iif', 'oif', 'fwmark', 'goto'] as const;
  return keys.every(key => present[key] === said[key]);
}

function removePort(world: World, port: string): string | null {
  if (!world.ovs.database().ports.some(({ name }) => name === port)) return `there is no port ${port}`;
  const failure = world.ovs.removeForeignPort(port);
  return failure === undefined ? null : describeFailure(failure);
}

function removeBridge(world: World, bridge: string): string | null {
  if (!world.ovs.database().bridges.some(({ name }) => name === bridge)) return `there is no bridge ${bridge}`;
  const failure = world.ovs.removeForeignBridge(bridge);
  return failure === undefined ? null : describeFailure(failure);
}
