import type { Address } from '../../../../src/domain/address.ts';
import type { EffectResult } from '../../../../src/domain/effect.ts';
import type { KernelState } from '../../../../src/domain/kernel-state.ts';
import type { Link } from '../../../../src/domain/link.ts';
import { IFF_UP } from '../../../../src/domain/link.ts';
import type { Neighbour } from '../../../../src/domain/neighbour.ts';
import type { Route } from '../../../../src/domain/route.ts';
import type { KernelEvent } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import type { NetlinkEvent } from '../../../../src/netlink/index.ts';

/** `ok`, or errno and extended-ack text. */
export function outcome(result: EffectResult): string {
  if (result.ok) return 'ok';
  const { code, errnoName, extAck } = result.failure;
  return [errnoName ?? code, extAck].filter(Boolean).join(': ');
}

/** One line for each thing in a namespace, in the order of the dumps: what is compared at the end of a sequence. */
export function picture(state: KernelState): readonly string[] {
  return [
    ...state.links.map(linkText),
    ...state.addresses.map(addressText),
    // Routes whose time is over are collected when the kernel finds the time.
    ...state.routes.filter(route => route.expiresS !== 0).map(routeText),
    ...state.rules.map(rule => `rule ${unusual(rule)}`),
    ...state.neighbours.filter(isSet).map(neighbourText).sort(),
  ];
}

/** Only those that sequences set; the kernel learns others by itself. */
function isSet(neighbour: Neighbour): boolean {
  return /[.:]5[01]$/.test(neighbour.address);
}

const LINK_FIELDS = [
  'name',
  'altnames',
  'flags',
  'operState',
  'carrier',
  'mtu',
  'mac',
  'master',
  'alias',
  'group',
  'txQueueLength',
  'promiscuity',
  'ipv6AddrGenMode',
] as const;

function linkText(link: Link): string {
  return `link ${link.index} ${LINK_FIELDS.map(field => `${field}=${link[field]}`).join(' ')}`;
}

/** The fields that say something, in a fixed order. */
function unusual(object: object): string {
  const said = Object.entries(object).filter(([, value]) => value !== null && value !== 0 && value !== false);
  return JSON.stringify(Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Lifetimes run: two dumps of the same moment may be a second apart. */
function lifetime(seconds: number | null): string {
  return seconds === null ? 'forever' : `~${Math.round(seconds / 50) * 50}`;
}

function addressText(address: Address): string {
  const { local, peer, prefixLength, linkIndex, validLifetimeS, preferredLifetimeS, family, ...rest } = address;
  return `address ${local}${peer === null ? '' : ` peer ${peer}`}/${prefixLength} link ${linkIndex} ${lifetime(validLifetimeS)} ${lifetime(preferredLifetimeS)} ${unusual(rest)}`;
}

function routeText(route: Route): string {
  const { destination, table, nexthops, expiresS, metrics, ...rest } = route;
  const legs = nexthops
    .map(hop => `[link ${hop.linkIndex} via ${hop.gateway} weight ${hop.weight} flags ${hop.flags}]`)
    .join('');
  return `route ${destination} table ${table} ${legs} ${lifetime(expiresS)} ${JSON.stringify(metrics)} ${unusual(rest)}`;
}

function neighbourText({ address, linkIndex, mac, state, flags }: Neighbour): string {
  return `neighbour ${address} link ${linkIndex} ${mac} ${state} ${flags}`;
}

/**
 * Events in words, without what only says how the carrier is doing, which the kernel tells in its own time. IPv6 addresses by themselves:
 * some of them come from a queue of the kernel's.
 */
export function eventLines(events: readonly (KernelEvent | NetlinkEvent)[]): {
  readonly sync: readonly string[];
  readonly ipv6: readonly string[];
} {
  const sync: string[] = [];
  const ipv6: string[] = [];
  const last = new Map<number, string>();
  for (const event of events) {
    const type = event.type.replace('netlink.', '');
    if ('link' in event) {
      const { index, name, altnames, flags, mtu, mac, alias, group } = event.link;
      const up = flags & IFF_UP ? 'up' : 'down';
      const line = `${type} ${index} ${name} [${altnames}] ${up} mtu ${mtu} ${mac} ${alias} group ${group}`;
      // One that tells nothing new of its link is left out here.
      if (last.get(index) !== line) sync.push(line);
      last.set(index, line);
    } else if ('address' in event) {
      (event.address.family === 6 ? ipv6 : sync).push(`${type} ${addressText(event.address)}`);
    }
  }
  return { sync, ipv6: byLink(ipv6) };
}

/** The order between links is the kernel's queue's; that of one link counts. */
function byLink(lines: readonly string[]): readonly string[] {
  const linkOf = (line: string): number => Number(/ link (\d+) /.exec(line)?.[1]);
  return lines.toSorted((a, b) => linkOf(a) - linkOf(b));
}

/** What stands in one list and not in the other, and whether only the order differs. */
export function differences(model: readonly string[], kernel: readonly string[]): readonly string[] {
  const missing = kernel.filter(line => !model.includes(line)).map(line => `kernel only: ${line}`);
  const surplus = model.filter(line => !kernel.includes(line)).map(line => `model only:  ${line}`);
  if (missing.length + surplus.length > 0) return [...surplus, ...missing];
  if (model.join('\n') === kernel.join('\n')) return [];
  const moved = (lines: readonly string[], others: readonly string[]): readonly string[] =>
    lines.filter((line, i) => line !== others[i]);
  return [
    'another order',
    ...moved(model, kernel).map(line => `  model  ${line}`),
    ...moved(kernel, model).map(line => `  kernel ${line}`),
  ];
}
