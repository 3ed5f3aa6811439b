import type { Address } from './address.ts';
import { formatAddress, IFA_F_SECONDARY } from './address.ts';
import { isUp } from './link.ts';
import type { Neighbour } from './neighbour.ts';
import { formatRoute } from './route.ts';
import type { Snapshot } from './snapshot.ts';
import { chosenFlags, isSameAddress } from './steps/addresses.ts';
import { NOT_COPIED } from './steps/link-properties.ts';
import { identityOf } from './steps/routes.ts';
import { identityOfRule } from './steps/rules.ts';

/** One field in which two snapshots differ. */
export interface Difference {
  /** `address 10.9.0.3/24 label`, `route default table 100`, `sysctl ipv4/conf/{link}/rp_filter`. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** A remaining lifetime may be this much shorter or longer than it was, for the time that passed between two dumps. */
const LIFETIME_TOLERANCE_S = 120;

/**
 * Compares the host as it is with the snapshot, field by field; an empty list means equal (I7). Remaining lifetimes are compared
 * with a tolerance; what the kernel alone decides (carrier, promiscuity, tentative) is not compared.
 */
export function diffSnapshots(before: Snapshot, now: Snapshot, elapsedS = 0): readonly Difference[] {
  return [
    ...diffLink(before, now),
    ...diffAddresses(before.addresses, now.addresses, elapsedS),
    ...diffLists('route', before.routes, now.routes, identityOf, formatRoute),
    ...diffLists(
      'rule',
      before.rules,
      now.rules,
      identityOfRule,
      rule => `rule ${rule.priority} ${JSON.stringify(rule)}`,
    ),
    ...diffLists('neighbour', before.neighbours, now.neighbours, formatNeighbour, formatNeighbour),
    ...diffSysctls(before, now),
  ];
}

function diffLink(before: Snapshot, now: Snapshot): Difference[] {
  const view = ({ link }: Snapshot): Record<string, unknown> => ({
    index: link.index,
    name: link.name,
    // What others gave it since is theirs.
    altnames: before.link.altnames.filter(altname => link.altnames.includes(altname)).sort(),
    up: isUp(link),
    mtu: link.mtu,
    mac: link.mac,
    master: link.master,
    alias: link.alias ?? '',
    group: link.group,
    txQueueLength: link.txQueueLength,
  });
  const was = view(before);
  const is = view(now);
  return Object.keys(was)
    .filter(key => JSON.stringify(was[key]) !== JSON.stringify(is[key]))
    .map(key => ({ field: `link ${key}`, expected: JSON.stringify(was[key]), got: JSON.stringify(is[key]) }));
}

function diffAddresses(before: readonly Address[], now: readonly Address[], elapsedS: number): Difference[] {
  const differences: Difference[] = [];
  for (const address of before) {
    const name = `address ${formatAddress(address)}`;
    const is = now.find(a => isSameAddress(a, address));
    const expired = address.validLifetimeS !== null && address.validLifetimeS <= elapsedS + LIFETIME_TOLERANCE_S;
    if (is === undefined) {
      if (!expired) differences.push({ field: name, expected: 'present', got: 'missing' });
      continue;
    }
    const fields = [
      ['label', address.label, is.label],
      ['scope', address.scope, is.scope],
      ['broadcast', address.broadcast, is.broadcast],
      ['metric', address.metric ?? 0, is.metric ?? 0],
      ['protocol', address.protocol ?? 0, is.protocol ?? 0],
      ['flags', chosenFlags(address), chosenFlags(is)],
      [
        'secondary',
        address.family === 4 && address.flags & IFA_F_SECONDARY,
        is.family === 4 && is.flags & IFA_F_SECONDARY,
      ],
    ] as const;
    for (const [field, expected, got] of fields) {
      if (expected !== got)
        differences.push({ field: `${name} ${field}`, expected: String(expected), got: String(got) });
    }
    if (!isCloseTo(address.validLifetimeS, is.validLifetimeS, elapsedS)) {
      differences.push({
        field: `${name} lifetime`,
        expected: String(address.validLifetimeS ?? 'forever'),
        got: String(is.validLifetimeS ?? 'forever'),
      });
    }
  }
  for (const family of [4, 6] as const) {
    const order = before.filter(a => a.family === family && now.some(n => isSameAddress(n, a))).map(formatAddress);
    const orderNow = now.filter(a => a.family === family && before.some(b => isSameAddress(b, a))).map(formatAddress);
    if (order.join() !== orderNow.join()) {
      differences.push({ field: `IPv${family} address order`, expected: order.join(', '), got: orderNow.join(', ') });
    }
  }
  return differences;
}

function isCloseTo(was: number | null, is: number | null, elapsedS: number): boolean {
  if (was === null || is === null) return was === is;
  return Math.abs(was - elapsedS - is) <= LIFETIME_TOLERANCE_S;
}

/** Entries of `before` that are gone; what others added meanwhile is theirs. */
function diffLists<T>(
  what: string,
  before: readonly T[],
  now: readonly T[],
  identity: (value: T) => string,
  format: (value: T) => string,
): Difference[] {
  const present = new Set(now.map(identity));
  return before
    .filter(value => !present.has(identity(value)))
    .map(value => ({ field: `${what} ${format(value)}`, expected: 'present', got: 'missing or different' }));
}

function formatNeighbour({ address, mac }: Neighbour): string {
  return `${address} ${mac}`;
}

function diffSysctls(before: Snapshot, now: Snapshot): Difference[] {
  return Object.entries(before.sysctls)
    .filter(([key, value]) => now.sysctls[key] !== value && !NOT_COPIED.has(key))
    .map(([key, value]) => ({ field: `sysctl ${key}`, expected: value, got: now.sysctls[key] ?? 'missing' }));
}
