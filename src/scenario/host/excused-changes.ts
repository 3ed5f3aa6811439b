import { formatAddress } from '../../domain/address.ts';
import { formatRoute } from '../../domain/route.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { parseAddress } from '../../host/simulated/description/parse-address.ts';
import { parseRoute } from '../../host/simulated/description/parse-route.ts';
import type { Change } from '../actor.ts';

/**
 * True for what a way back may set as it was in the snapshot: to keep the change or to undo it are both right. So it is with an altname that is one
 * of the `names` that we give: it was in the way.
 */
export function isUndoable(change: Change, names: readonly string[]): boolean {
  if (change.kind === 'altname.add') return names.includes(change.altname);
  return /\.remove$|^link\.(rename|set)$|^sysctl\.write$/.test(change.kind);
}

/** True for what is on the host port as it would be on the uplink. */
export function isMovable({ kind }: Change): boolean {
  return /^(address|route)\./.test(kind);
}

/** What a change of a link of ours touches, as the invariants call it: no base shows it. */
export function excusesOfOurs(change: Change, host: Pick<HostDescription, 'uplink'>): readonly string[] {
  switch (change.kind) {
    case 'link.set':
    case 'link.rename':
    case 'link.remove':
      return [`host port ${change.link}`];
    case 'sysctl.write': {
      const [family, group, ...name] = change.key.replace('/{link}', '').split('/');
      return [`sysctl ${family}/${group}/${host.uplink}/${name.join('/')}`];
    }
    default:
      return [];
  }
}

/** What others add, as the invariants call it, where it goes without anybody having seen it. */
export function excusesOf(change: Change, { uplink }: Pick<HostDescription, 'uplink'>): readonly string[] {
  switch (change.kind) {
    case 'address.add':
    case 'address.remove':
      return [`address ${formatAddress(parseAddress(change.address))} on ${uplink}`];
    case 'route.add':
    case 'route.remove': {
      const { nexthops, ...route } = parseRoute(change.route);
      const legs = nexthops.map(({ dev: _dev, ...leg }) => ({ ...leg, linkIndex: null }));
      return [`route ${formatRoute({ ...route, nexthops: legs })} dev ${nexthops.map(() => uplink).join(', ')}`];
    }
    default:
      return [];
  }
}
