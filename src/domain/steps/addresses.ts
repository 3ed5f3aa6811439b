import type { Address } from '../address.ts';
import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_NODAD,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
  isLinkLocal,
} from '../address.ts';
import type { Effect } from '../effect.ts';
import type { Link } from '../link.ts';
import type { Snapshot } from '../snapshot.ts';

/** Bits that the kernel sets by itself; a request never carries them and a comparison never looks at them. */
const KERNEL_OWNED_FLAGS = IFA_F_SECONDARY | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_PERMANENT | IFA_F_DEPRECATED;

/** The flags of an address that a person or a renderer chose. */
export function chosenFlags(address: Pick<Address, 'flags'>): number {
  return address.flags & ~KERNEL_OWNED_FLAGS;
}

/** Two entries for the same address: the kernel would answer EEXIST. */
export function isSameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.local === b.local && a.prefixLength === b.prefixLength && a.peer === b.peer;
}

/** IPv6 link-local addresses belong to the link and stay on it; everything else moves. */
export function isMovable(address: Address): boolean {
  return address.family === 4 || !isLinkLocal(address);
}

/** A lifetime that has run down by `elapsedS`; undefined when it has ended. */
function runDown(lifetimeS: number | null, elapsedS: number): number | null | undefined {
  if (lifetimeS === null) return null;
  return lifetimeS > elapsedS ? lifetimeS - elapsedS : undefined;
}

/** The snapshot's address with what is left of its lifetimes; undefined when it has expired meanwhile. */
export function ageAddress(address: Address, elapsedS: number): Address | undefined {
  const validLifetimeS = runDown(address.validLifetimeS, elapsedS);
  if (validLifetimeS === undefined) return undefined;
  const preferred = runDown(address.preferredLifetimeS, elapsedS);
  return { ...address, validLifetimeS, preferredLifetimeS: preferred === undefined ? 0 : preferred };
}

/** A label begins with its link's name (ifconfig needs that): the old name is swapped for the new one where it fits. */
export function relabel(label: string | null, from: string, to: string): string | null {
  if (label === null || from === to) return label;
  if (label === from) return to;
  const moved = label.startsWith(`${from}:`) ? to + label.slice(from.length) : label;
  return moved.length <= 15 ? moved : label;
}

/** The snapshot's addresses as the host port is to have them, in the snapshot's order. */
export function addressesOnHostPort(snapshot: Snapshot, hostPort: Link, elapsedS: number): readonly Address[] {
  return aged(snapshot, elapsedS).map(address => ({
    ...address,
    linkIndex: hostPort.index,
    label: relabel(address.label, snapshot.link.name, hostPort.name),
  }));
}

/** The snapshot's addresses that have not expired. */
export function aged(snapshot: Snapshot, elapsedS: number): readonly Address[] {
  return snapshot.addresses.map(a => ageAddress(a, elapsedS)).filter(a => a !== undefined);
}

/** IFAPROT_KERNEL_LO, _RA and _LL (6.1): addresses that the kernel made by itself. */
const MAX_KERNEL_PROTOCOL = 3;

/** Addresses of a link that others have put there since the snapshot: they would go with the link (I4). */
export function addressesOfOthers(
  present: readonly Address[],
  snapshot: Snapshot,
  from: Link,
  to: Link,
): readonly Address[] {
  return present
    .filter(address => address.linkIndex === from.index && isMovable(address))
    .filter(({ protocol }) => protocol === null || protocol === 0 || protocol > MAX_KERNEL_PROTOCOL)
    .filter(address => !snapshot.addresses.some(known => isSameAddress(known, address)))
    .map(address => ({
      ...address,
      linkIndex: to.index,
      label: relabel(address.label, from.name, snapshot.link.name),
    }));
}

/**
 * Orders addresses for adding so that a later dump shows them in the given order: IPv4 appends, IPv6 puts the newest first.
 */
export function inAddingOrder(addresses: readonly Address[]): readonly Address[] {
  return [...addresses.filter(a => a.family === 4), ...addresses.filter(a => a.family === 6).reverse()];
}

/**
 * Orders addresses for removing so that those left over can be completed again in order: IPv4 from the end (secondaries before
 * primaries, F-50), IPv6 from the front.
 */
export function inRemovingOrder(addresses: readonly Address[]): readonly Address[] {
  return [...addresses.filter(a => a.family === 4).reverse(), ...addresses.filter(a => a.family === 6)];
}

/** Adds an address; IPv6 without duplicate address detection, since it is this host's own. */
function add(address: Address): Effect {
  return {
    op: 'address.add',
    address: address.family === 6 ? { ...address, flags: address.flags | IFA_F_NODAD } : address,
  };
}

/** Adds what is missing of `wanted`. */
export function addMissing(wanted: readonly Address[], present: readonly Address[]): Effect[] {
  return inAddingOrder(wanted)
    .filter(address => !present.some(p => isSameAddress(p, address)))
    .map(add);
}

/** Changes the flags of IPv6 addresses to the wanted ones (`nodad` was only for the time of the move). IPv4 cannot. */
export function settleFlags(wanted: readonly Address[], present: readonly Address[]): Effect[] {
  const effects: Effect[] = [];
  for (const address of wanted) {
    if (address.family !== 6) continue;
    const there = present.find(p => isSameAddress(p, address));
    if (there !== undefined && chosenFlags(there) !== chosenFlags(address)) {
      effects.push({
        op: 'address.replace',
        address: {
          ...address,
          validLifetimeS: there.validLifetimeS,
          preferredLifetimeS: there.preferredLifetimeS,
        },
      });
    }
  }
  return effects;
}

/** True when nothing but lifetimes and kernel-owned flags differs. */
function isExactly(a: Address, b: Address): boolean {
  return (
    isSameAddress(a, b) &&
    a.label === b.label &&
    a.scope === b.scope &&
    a.broadcast === b.broadcast &&
    (a.metric ?? 0) === (b.metric ?? 0) &&
    (a.protocol ?? 0) === (b.protocol ?? 0) &&
    (a.family === 6 || chosenFlags(a) === chosenFlags(b))
  );
}

/**
 * Makes a link's addresses of one family exactly `wanted`, in order, with labels. Addresses up to the first difference stay; from
 * there on all go and come back: the kernel can change neither a label nor the order in place (F-51, F-54).
 */
export function makeExact(wanted: readonly Address[], present: readonly Address[], family: 4 | 6): Effect[] {
  const want = wanted.filter(a => a.family === family);
  // What others put there meanwhile is not ours to remove.
  const have = present.filter(a => a.family === family && want.some(w => isSameAddress(w, a)));
  const wantInOrder = inAddingOrder(want);
  const haveInOrder = inAddingOrder(have);
  let same = 0;
  while (same < wantInOrder.length) {
    const a = wantInOrder[same];
    const b = haveInOrder[same];
    if (a === undefined || b === undefined || !isExactly(a, b)) break;
    same += 1;
  }
  const surplus = haveInOrder.slice(same).reverse();
  return [
    ...surplus.map((address): Effect => ({ op: 'address.remove', address })),
    ...wantInOrder.slice(same).map(add),
  ];
}
