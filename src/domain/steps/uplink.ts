import type { Address } from '../address.ts';
import type { Effect } from '../effect.ts';
import type { Link } from '../link.ts';
import { usesLink } from '../route.ts';
import { isKernelOwned } from '../snapshot.ts';
import { addMissing, aged, isMovable, isSameAddress, makeExact, settleFlags } from './addresses.ts';
import type { LinkContext } from './context.ts';
import { addMissingRoutes, isConnected, lookUpRoutes, moveLegs } from './routes.ts';

/** The snapshot's addresses with the uplink's present index. */
export function wantedAddresses({ snapshot, elapsedS }: LinkContext, uplink: Link): readonly Address[] {
  return aged(snapshot, elapsedS).map(address => ({ ...address, linkIndex: uplink.index }));
}

/**
 * Makes addresses and routes of the uplink those of the snapshot: order, labels, flags. Addresses first; routes in the next round,
 * when it is seen what the kernel flushed with them (F-62). While the uplink has another name the kernel's rewritten labels stay.
 */
export function convergeUplink(context: LinkContext): Effect[] {
  const { uplink, snapshot, kernel } = context;
  if (uplink === undefined) return [];
  const present = kernel.addresses.filter(a => a.linkIndex === uplink.index);
  const wanted = wantedAddresses(context, uplink).filter(
    address => isMovable(address) || !present.some(p => isSameAddress(p, address)),
  );
  const renamed = uplink.name !== snapshot.link.name;
  const addresses = renamed
    ? addMissing(wanted, present)
    : [
        ...makeExact(wanted, present, 4),
        ...makeExact(wanted, present, 6),
        ...settleFlags(wantedAddresses(context, uplink), present),
      ];
  if (addresses.length > 0) return addresses;
  const all = wantedAddresses(context, uplink);
  const routes = snapshot.routes.map(route => moveLegs(route, snapshot.link.index, uplink.index));
  const missing = addMissingRoutes(routes, kernel.routes, kernel.rules);
  if (missing.length > 0) return missing;
  // A prefix route that came with an address, though somebody had removed it before.
  const isWanted = lookUpRoutes(routes);
  return kernel.routes
    .filter(route => usesLink(route, uplink.index) && !isKernelOwned(route) && isConnected(route, all))
    .filter(route => !isWanted(route))
    .map((route): Effect => ({ op: 'route.remove', route }));
}
