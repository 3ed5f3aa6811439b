import { linkByIndex } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import { IFF_LOWER_UP, IFF_UP } from '../../domain/link.ts';
import { findPort } from '../../domain/ovs-state.ts';
import { gatewaysOver } from '../../host/simulated/gateway-model.ts';
import type { World } from '../../host/simulated/world.ts';
import { askGateways } from '../../host/simulated/world.ts';

/** Gateways that answer now, each asked over its route. */
export function answeringGateways(world: World): readonly string[] {
  const links = world.kernel.read({ routes: true }).links.map(link => link.index);
  return [...askGateways(world, links)].filter(([, answers]) => answers).map(([gateway]) => gateway);
}

/** Watches whether gateways that answered at first can be reached at every moment. */
export interface Watch {
  /** Looks; the gateways that cannot be reached now. */
  look(): readonly string[];
}

/**
 * Begins to watch. A gateway is reached when a packet gets out by its route and its answer is heard, be it on the other one of uplink and host
 * port: in the middle of a run reverse path checks are loose.
 */
export function watchReachability(world: World): Watch {
  const expected = answeringGateways(world);
  // Also of ports whose rows are gone: the datapath has them until ovs-vswitchd has worked that off.
  const bridges = new Map<string, string>();
  let seen: readonly unknown[] = [];
  let silent: readonly string[] = [];
  return {
    look() {
      const now = [
        world.kernel.read({ routes: true }),
        world.ovs.database(),
        world.kernel.mutedLinks(),
        world.ovs.forwards(),
        ...world.gateways.values(),
      ];
      if (now.length === seen.length && now.every((part, at) => part === seen[at])) return silent;
      seen = now;
      const reached = reachedGateways(world, bridges);
      silent = expected.filter(gateway => !reached.has(gateway));
      return silent;
    },
  };
}

function reachedGateways(world: World, bridges: Map<string, string>): ReadonlySet<string> {
  const kernel = world.kernel.read({ routes: true });
  const ovs = world.ovs.database();
  for (const port of ovs.ports) bridges.set(port.name, findPort(ovs, port.name)?.bridge.name ?? '');
  const muted = world.kernel.mutedLinks();
  const uplink = linkByIndex(kernel, world.uplinkIndex);
  if (uplink === undefined || !isRunning(uplink)) return new Set();
  const bridge = bridges.get(uplink.name);
  const isSwitched = uplink.promiscuity > 0 || uplink.slaveKind === 'openvswitch';
  const forwards = (link: Link): boolean =>
    bridge !== undefined && isSwitched && world.ovs.forwards() && bridges.get(link.name) === bridge;
  const sends = (link: Link): boolean => link === uplink || ((link.flags & IFF_UP) !== 0 && forwards(link));
  // The datapath's rx_handler takes what arrives before the IP stack sees it.
  const hears = (link: Link): boolean =>
    sends(link) && !muted.includes(link.name) && (link !== uplink || uplink.slaveKind !== 'openvswitch');
  if (!kernel.links.some(hears)) return new Set();
  const indices = kernel.links.filter(sends).map(link => link.index);
  const addresses = [...gatewaysOver(kernel, indices).keys()];
  return new Set(addresses.filter(address => world.gateways.get(address)?.answers === true));
}

function isRunning({ flags }: Link): boolean {
  return (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) !== 0;
}
