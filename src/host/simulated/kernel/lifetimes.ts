import type { Address } from '../../../domain/address.ts';
import { IFA_F_DEPRECATED, IFA_F_PERMANENT } from '../../../domain/address.ts';
import type { HeldAddress, Namespace } from './namespace.ts';

const S = 1000;

/** Begins to hold an address. */
export function hold(address: Address): HeldAddress {
  return {
    address,
    validUntilMs: null,
    preferredUntilMs: null,
    dadTimer: undefined,
    lifetimeTimer: undefined,
    isKept: false,
    isDead: false,
  };
}

function isLimited(held: HeldAddress): boolean {
  return held.validUntilMs !== null || held.preferredUntilMs !== null;
}

/** set_ifa_lifetime: notes the lifetimes, and the flags that follow from them. The timers are set by {@link startLifetimes}. */
export function setLifetimes(ns: Namespace, held: HeldAddress, wanted: Address): void {
  const { validLifetimeS: valid, preferredLifetimeS: preferred } = wanted;
  const now = ns.clock.now();
  if (isLimited(held)) ns.countLimited(-1);
  // IPv4 forgets the preferred lifetime of an address that is valid for ever.
  const isKept = preferred !== null && (valid !== null || wanted.family === 6);
  held.validUntilMs = valid === null ? null : now + valid * S;
  held.preferredUntilMs = isKept ? now + preferred * S : null;
  if (isLimited(held)) ns.countLimited(1);
  const flags = held.address.flags & ~(IFA_F_PERMANENT | IFA_F_DEPRECATED);
  held.address = {
    ...held.address,
    flags: flags | (valid === null ? IFA_F_PERMANENT : 0) | (preferred === 0 ? IFA_F_DEPRECATED : 0),
    validLifetimeS: valid,
    preferredLifetimeS: isKept ? preferred : null,
  };
  ns.addressesChanged();
}

/** Waits for the end of the preferred, then of the valid lifetime. */
export function startLifetimes(ns: Namespace, held: HeldAddress, onExpired: () => void): void {
  const { clock } = ns;
  clock.clearTimeout(held.lifetimeTimer);
  const isPreferred = (held.address.flags & IFA_F_DEPRECATED) === 0;
  const preferredUntilMs = isPreferred ? held.preferredUntilMs : null;
  const dueMs = Math.min(preferredUntilMs ?? Infinity, held.validUntilMs ?? Infinity);
  if (dueMs === Infinity) return;
  held.lifetimeTimer = clock.setTimeout(() => {
    if (held.isDead) return;
    if (held.validUntilMs !== null && clock.now() >= held.validUntilMs) {
      onExpired();
      return;
    }
    held.address = { ...held.address, preferredLifetimeS: 0, flags: held.address.flags | IFA_F_DEPRECATED };
    ns.addressesChanged();
    ns.tellAddress(held);
    startLifetimes(ns, held, onExpired);
  }, dueMs - clock.now());
}

/** Stops everything that waits for a held address. */
export function letGo(ns: Namespace, held: HeldAddress): void {
  if (isLimited(held)) ns.countLimited(-1);
  held.isDead = true;
  ns.clock.clearTimeout(held.lifetimeTimer);
  ns.clock.clearTimeout(held.dadTimer);
}
