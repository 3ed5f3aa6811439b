import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Address } from '../../../../src/domain/address.ts';
import { isLinkLocal } from '../../../../src/domain/address.ts';
import type { KernelState } from '../../../../src/domain/kernel-state.ts';
import { NUD_PERMANENT } from '../../../../src/domain/neighbour.ts';
import type { Route } from '../../../../src/domain/route.ts';
import { RT_TABLE_LOCAL, usesLink } from '../../../../src/domain/route.ts';
import type { HostDescription } from '../../../../src/host/simulated/description/host-description.ts';
import { loadHost } from '../../../../src/host/simulated/description/load-host.ts';
import { parseRoute } from '../../../../src/host/simulated/description/parse-route.ts';
import { parseRule } from '../../../../src/host/simulated/description/parse-rule.ts';
import { openNetlink } from '../../../../src/netlink/index.ts';
import { canMakeNamespaces, createNamespace, type Namespace } from '../../../netlink/netns-lab.ts';

const FOLDER = new URL('../../../../fixtures/hosts/', import.meta.url);
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'));

/** What a description says of the kernel, in the words of the file: they are those of `ip`. */
interface Lines {
  readonly links: readonly {
    readonly name: string;
    readonly master?: string;
    readonly addrGenMode?: string;
    readonly addresses?: readonly string[];
    readonly neighbours?: readonly string[];
  }[];
  readonly routes?: readonly string[];
  readonly rules?: readonly string[];
}

/** Words that say how an address came, which nobody can ask for. */
// iproute2 6.1 knows no protocol of an address either.
const HISTORY = / (temporary|deprecated|tentative|dadfailed|proto \S+)\b/g;
const HISTORY_FLAGS = 0x01 | 0x08 | 0x20 | 0x40;
const IFAPROT_KERNEL_RA = 2;
/** Flags of a link that say what it is: the stand-in is something else. */
const KIND_FLAGS = 0x80 | 0x100 | 0x400;

/**
 * Configures the host in a namespace, by `ip` and the description's own lines. A veth stands in for every link, because this kernel has
 * neither hardware nor bonds for a test; what is left out is told by {@link visible}.
 */
function configure(
  ns: Namespace,
  wires: Namespace,
  { links, routes = [], rules = [] }: Lines,
  host: HostDescription,
): void {
  const batch = (family: string, lines: readonly string[]): void => {
    for (const line of lines) ns.exec('ip', family, ...line.split(' '));
  };
  for (const { name, addrGenMode = 'eui64', addresses = [], master } of links) {
    if (master !== undefined) continue;
    const { index, mac, mtu } = host.kernel.links.find(link => link.name === name)!;
    ns.ip(
      'link',
      'add',
      name,
      'index',
      `${index}`,
      'address',
      `${mac}`,
      'type',
      'veth',
      'peer',
      'name',
      `w${index}`,
      'netns',
      wires.name,
    );
    ns.exec('sh', '-c', `echo 0 > '/proc/sys/net/ipv6/conf/${name}/accept_dad'`);
    ns.ip('link', 'set', name, 'mtu', `${mtu}`, 'addrgenmode', addrGenMode);
    ns.ip('link', 'set', name, 'up');
    wires.ip('link', 'set', `w${index}`, 'up');
    for (const line of addresses) ns.ip('addr', 'add', ...line.replace(HISTORY, '').split(/\s+/), 'dev', name);
  }
  for (const line of routes) batch(`-${parseRoute(line).family}`, [`route add ${line}`]);
  for (const line of rules) {
    for (const { family } of parseRule(line)) batch(`-${family}`, [`rule add ${line.replace(/^-[46] /, '')}`]);
  }
  for (const { name, neighbours = [] } of links) {
    for (const line of neighbours) {
      const state = line.includes('nud') ? '' : ' nud permanent';
      ns.ip('neigh', 'add', ...`${line}${state}`.split(' '), 'dev', name);
    }
  }
}

/** The kernel makes link-local addresses, and the local routes of IPv6 addresses, only when its own queue comes to it. */
function isSettled({ links, addresses, routes }: KernelState): boolean {
  const sixes = addresses.filter(address => address.family === 6);
  const hasOwn = links.every(
    link =>
      link.index === 1 || link.ipv6AddrGenMode !== 0 || sixes.some(a => a.linkIndex === link.index && isLinkLocal(a)),
  );
  const isLocal = ({ local, linkIndex }: Address): boolean =>
    routes.some(r => r.destination === `${local}/128` && r.table === RT_TABLE_LOCAL && usesLink(r, linkIndex));
  return hasOwn && sixes.every(isLocal);
}

const text = (value: object): string => JSON.stringify(Object.entries(value).sort());

/** What can be compared: without links that Open vSwitch makes and members of a bond, and without what nobody can ask `ip` for. */
function visible(kernel: KernelState, indices: readonly number[]): Record<string, readonly string[]> {
  const isSeen = (index: number | null): boolean => index === 1 || indices.includes(index ?? 0);
  const lifetime = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds / 60));
  const address = (a: Address) =>
    text({
      ...a,
      flags: a.flags & ~(a.family === 6 ? HISTORY_FLAGS : 0),
      protocol: a.protocol === IFAPROT_KERNEL_RA ? null : a.protocol,
      validLifetimeS: lifetime(a.validLifetimeS),
      preferredLifetimeS: lifetime(a.preferredLifetimeS),
    });
  const route = (r: Route) => text({ ...r, expiresS: lifetime(r.expiresS) });
  const routes = kernel.routes.filter(r => r.nexthops.every(hop => isSeen(hop.linkIndex)));
  return {
    links: kernel.links
      .filter(link => isSeen(link.index))
      .map(({ index, name, flags, carrier, mtu, mac }) =>
        text({ index, name, flags: flags & ~KIND_FLAGS, carrier, mtu, mac }),
      ),
    lo: kernel.links.filter(link => link.index === 1).map(text),
    addresses: kernel.addresses.filter(a => isSeen(a.linkIndex)).map(address),
    routes4: routes.filter(r => r.family === 4).map(route),
    // The kernel walks its tree of IPv6 routes link by link, in an order that follows from when each came up.
    routes6: routes
      .filter(r => r.family === 6)
      .map(route)
      .sort(),
    rules: kernel.rules.map(text),
    neighbours: kernel.neighbours
      .filter(n => isSeen(n.linkIndex) && (n.state & NUD_PERMANENT) !== 0)
      .map(text)
      .sort(),
  };
}

describe.skipIf(!canMakeNamespaces)('what is derived from a description', () => {
  it.each(FILES)('%s: is what this kernel shows after the same commands', async file => {
    const source = readFileSync(new URL(file, FOLDER), 'utf8');
    const host = loadHost(source, file);
    const lines = parse(source) as Lines;
    const ns = createNamespace('host');
    // A namespace of its own: the kernel clears away the wires of the one before when it comes to it.
    const wires = createNamespace('wires');
    try {
      await using netlink = await openNetlink({ netnsPath: ns.path });
      let heard = Promise.withResolvers<void>();
      netlink.subscribe(['link', 'address', 'route'], () => heard.resolve());
      configure(ns, wires, lines, host);
      const names = lines.links.filter(link => link.master === undefined).map(link => link.name);
      const indices = host.kernel.links.filter(link => names.includes(link.name)).map(link => link.index);
      let kernel = await netlink.readKernelState();
      while (!isSettled(kernel)) {
        await heard.promise;
        heard = Promise.withResolvers();
        kernel = await netlink.readKernelState();
      }
      expect(visible(host.kernel, indices)).toEqual(visible(kernel, indices));
    } finally {
      ns.remove();
      wires.remove();
    }
  });
});
