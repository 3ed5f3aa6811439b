import type { Address } from '../../domain/address.ts';
import {
  formatAddress,
  IFA_F_DEPRECATED,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
  isLinkLocal,
} from '../../domain/address.ts';
import type { Invariant } from './ended-run.ts';
import type { Judge } from './judge.ts';

/** Whole seconds are rounded twice, when the base was read and now; and a lifetime that is set late begins late. */
const LIFETIME_TOLERANCE_S = 4;

/** `address 10.9.0.2/24 on eth0`. */
export function addressObject(address: Address, judge: Judge): string {
  return `address ${formatAddress(address)} on ${judge.nameOf(address.linkIndex)}`;
}

/** The same address in the kernel's eyes, whatever link it is on. */
export function isAddress(a: Address, b: Address): boolean {
  return a.local === b.local && a.prefixLength === b.prefixLength && a.peer === b.peer;
}

/** True for addresses that a link makes for itself, and so do not move. */
export function staysOnLink(address: Address): boolean {
  return address.family === 6 && isLinkLocal(address);
}

/** True when it may have expired since the base was read. */
export function mayHaveExpired(address: Address, elapsedS: number): boolean {
  return address.validLifetimeS !== null && address.validLifetimeS <= elapsedS + LIFETIME_TOLERANCE_S;
}

/** Compares two lists of addresses of one link, each in dump order: presence, every attribute, order. `expected` has the objects' names. */
export function compareAddresses(
  invariant: Invariant,
  expected: readonly Address[],
  got: readonly Address[],
  judge: Judge,
): void {
  const { elapsedS } = judge.run;
  if (expected.length === got.length && expected.every((address, at) => address === got[at])) return;
  const kept: Address[] = [];
  for (const address of expected) {
    const is = got.find(one => isAddress(one, address));
    if (is !== undefined) {
      // The kernel writes labels anew with every rename, and what goes and comes back is last.
      if (!judge.hadAddress(address)) continue;
      kept.push(address);
      compareAddress(invariant, address, is, judge);
    } else if (!mayHaveExpired(address, elapsedS)) {
      judge.violated(invariant, 'missing', addressObject(address, judge), 'present', 'missing');
    }
  }
  compareOrder(invariant, kept, got, judge);
}

/** Addresses that are there now but not among those expected. */
export function reportSurplus(
  invariant: Invariant,
  expected: readonly Address[],
  got: readonly Address[],
  judge: Judge,
): void {
  for (const address of got) {
    if (expected.some(one => isAddress(one, address))) continue;
    judge.violated(invariant, 'surplus', addressObject(address, judge), 'none', formatAddress(address));
  }
}

function compareAddress(invariant: Invariant, was: Address, is: Address, judge: Judge): void {
  if (was === is) return;
  // Tentative passes, and deprecated comes with the preferred lifetime, which is compared. No program can give IPv6's `temporary`: the kernel
  // keeps it for the addresses that it makes itself (inet6_rtm_newaddr).
  const flagsOf = ({ family, flags }: Address): number =>
    flags & ~(IFA_F_TENTATIVE | IFA_F_DEPRECATED | (family === 6 ? IFA_F_TEMPORARY : 0));
  const fields = [
    ['label', was.label, is.label],
    ['scope', was.scope, is.scope],
    ['broadcast', was.broadcast, is.broadcast],
    ['metric', was.metric ?? 0, is.metric ?? 0],
    ['protocol', was.protocol ?? 0, is.protocol ?? 0],
    ['flags', flagsOf(was), flagsOf(is)],
  ] as const;
  for (const [field, expected, got] of fields) {
    if (expected !== got) judge.violated(invariant, `${field} differs`, addressObject(was, judge), expected, got);
  }
  for (const field of ['validLifetimeS', 'preferredLifetimeS'] as const) {
    const expected = was[field] === null ? null : Math.max(0, was[field] - judge.run.elapsedS);
    const got = is[field];
    const isClose =
      expected === null || got === null ? expected === got : Math.abs(expected - got) <= LIFETIME_TOLERANCE_S;
    if (!isClose) judge.violated(invariant, `${field} differs`, addressObject(was, judge), expected, got);
  }
}

function compareOrder(invariant: Invariant, expected: readonly Address[], got: readonly Address[], judge: Judge): void {
  for (const family of [4, 6] as const) {
    const wanted = expected.filter(a => a.family === family);
    const order = wanted.map(formatAddress).join(', ');
    const now = got.filter(a => a.family === family && wanted.some(w => isAddress(w, a)));
    const orderNow = now.map(formatAddress).join(', ');
    const first = wanted[0];
    if (first === undefined || order === orderNow) continue;
    judge.violated(
      invariant,
      'order differs',
      `IPv${family} addresses of ${judge.nameOf(first.linkIndex)}`,
      order,
      orderNow,
    );
  }
}
