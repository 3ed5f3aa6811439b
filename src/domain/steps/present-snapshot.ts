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
  // networkd, which keeps what it finds on the host port, makes a lease that it renews there endless, and takes the metric off its prefix.
  const isKept = snapshot.owners?.networkd.uplink?.dhcp4 === true;
  const now = snapshot.addresses.map(address => (isKept ? kept(address, present) : undefined));
  const addresses = snapshot.addresses.map((address, i) => now[i] ?? renewed(address, elapsedS, present));
  const isOver = ({ validLifetimeS }: Address): boolean => validLifetimeS !== null && validLifetimeS <= elapsedS;
  const ended = addresses.filter(isOver);
  const left = addresses.filter(address => !isOver(address));
  const hasEnded = (route: Route): boolean =>
    (isSource(route, ended) && !isSource(route, left)) || (isConnected(route, ended) && !isConnected(route, left));
  const routes = snapshot.routes
    .filter(route => !hasEnded(route))
    .map(route => {
      const i = snapshot.addresses.findIndex(({ local }) => local === route.prefSrc);
      const address = now[i];
      if (address === undefined || !isConnected(route, [address])) return route;
      return route.priority === snapshot.addresses[i]?.metric ? { ...route, priority: address.metric } : route;
    });
  return { ...snapshot, addresses, routes };
}

/** An IPv4 lease as networkd has it where `KeepConfiguration=yes`; undefined while it does not. */
function kept(address: Address, present: readonly Address[]): Address | undefined {
  if (address.family !== 4 || address.validLifetimeS === null) return undefined;
  const copy = present.find(one => one.validLifetimeS === null && isSameAddress(one, address));
  return copy && { ...address, validLifetimeS: null, preferredLifetimeS: null, metric: copy.metric };
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
