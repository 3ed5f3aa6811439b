import type { Address } from '../address.ts';
import type { Route } from '../route.ts';
import type { Snapshot } from '../snapshot.ts';
import { isSameAddress } from './addresses.ts';
import { isConnected } from './routes.ts';

/** By so much a lifetime must have grown to have been renewed: what is read of one is rounded twice, and a lease must not grow with every move. */
const RENEWED_BY_S = 5;

/**
 * The snapshot as time and DHCP clients have left it (F-52), `elapsedS` after it was taken: leases that were renewed on the uplink or the host port
 * (`present`) have what is left of them now, and routes that have gone with an address whose lifetime has ended are not in it any more: the kernel
 * removes them with it, and does not take back one whose source address it does not have (F-67).
 */
export function presentSnapshot(snapshot: Snapshot, elapsedS: number, present: readonly Address[]): Snapshot {
  if (snapshot.addresses.every(({ validLifetimeS }) => validLifetimeS === null)) return snapshot;
  const addresses = snapshot.addresses.map(address => renewed(address, elapsedS, present));
  const isOver = ({ validLifetimeS }: Address): boolean => validLifetimeS !== null && validLifetimeS <= elapsedS;
  const ended = addresses.filter(isOver);
  const left = addresses.filter(address => !isOver(address));
  const hasEnded = (route: Route): boolean =>
    (isSource(route, ended) && !isSource(route, left)) || (isConnected(route, ended) && !isConnected(route, left));
  return { ...snapshot, addresses, routes: snapshot.routes.filter(route => !hasEnded(route)) };
}

/** With the lifetimes of the copy that lasts longest; one that somebody made endless has not become so by being renewed. */
function renewed(address: Address, elapsedS: number, present: readonly Address[]): Address {
  if (address.validLifetimeS === null) return address;
  let longest = address;
  for (const copy of present) {
    if (copy.validLifetimeS === null || !isSameAddress(copy, address)) continue;
    const validLifetimeS = copy.validLifetimeS + elapsedS;
    if (validLifetimeS <= (longest.validLifetimeS ?? 0) + RENEWED_BY_S) continue;
    const preferredLifetimeS = copy.preferredLifetimeS === null ? null : copy.preferredLifetimeS + elapsedS;
    longest = { ...address, validLifetimeS, preferredLifetimeS };
  }
  return longest;
}

function isSource(route: Route, addresses: readonly Address[]): boolean {
  return addresses.some(({ local }) => local === route.prefSrc);
}
