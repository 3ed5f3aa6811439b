import type { KernelState } from '../../../../src/domain/kernel-state.ts';
import type { Route } from '../../../../src/domain/route.ts';
import type { Act } from './operation.ts';

/**
 * Operations that are left out of the sequences, because the model does not do as the kernel with them:
 *
 * - A leg that joins an IPv6 multipath route with another protocol, source, preference, metrics or lifetime than its legs have. The kernel keeps
 *   those for each leg and shows the first one's; the model keeps one set. ovs-uplink only joins legs of one route.
 * - A leg that joins an IPv6 multipath route behind which a route of the same key without a gateway stands. A dump of the kernel then jumps from the
 *   first leg to the last and leaves out what stands between them; the model lists it.
 *
 * Beside these: a table that never had a route is, for the kernel, none (`FIB table does not exist`), and an empty one for the model; the bench
 * therefore uses its tables once. IPv6 routes whose time is over are listed until the kernel collects them; neither side's are compared. When a
 * pair of links gets its carrier, the kernel takes its ends in an order of its own; events are compared for each link.
 */
export function isKnownDifference(act: Act, { routes }: KernelState): boolean {
  if (act.kind !== 'effect') return false;
  const { effect } = act;
  if (effect.op !== 'route.add' && effect.op !== 'route.append' && effect.op !== 'route.replace') return false;
  const { route } = effect;
  if (route.family !== 6 || !hasGateway(route)) return false;
  const sameKey = routes.filter(other => hasSameKey(other, route));
  if (effect.op === 'route.replace') return route.nexthops.length > 1 && !sameKey.every(hasGateway);
  return sameKey.some(other => !hasGateway(other) || ownOfLeg(other) !== ownOfLeg(route));
}

const DEFAULT_METRIC = 1024;

function hasSameKey(there: Route, joining: Route): boolean {
  return (
    there.family === 6 &&
    there.table === joining.table &&
    there.destination === joining.destination &&
    there.priority === (joining.priority || DEFAULT_METRIC)
  );
}

function hasGateway(route: Route): boolean {
  return route.nexthops.some(hop => hop.gateway !== null);
}

function ownOfLeg({ type, protocol, prefSrc, preference, metrics, expiresS }: Route): string {
  return JSON.stringify([type, protocol, prefSrc, preference ?? 0, metrics, expiresS !== null]);
}
