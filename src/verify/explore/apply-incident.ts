import { type Address, plainAddress } from '../../domain/address.ts';
import type { Link } from '../../domain/link.ts';
import { IFF_LOWER_UP, isUp } from '../../domain/link.ts';
import type { Route } from '../../domain/route.ts';
import { plainRoute, RTPROT_STATIC } from '../../domain/route.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { World } from '../../host/simulated/world.ts';
import { loseKernelEvents } from '../../host/simulated/world.ts';
import type { Incident } from './incident.ts';
import type { Remedies } from './remedies.ts';
import { createRemedies } from './remedies.ts';

const FOREIGN_INDEX = 900;
/** Of a network for documentation (RFC 5737) that no description has. */
const FOREIGN_ADDRESS = '198.51.100.77';

/** How long netlink's socket buffer stays full. */
const OVERRUN_MS = 2;

/** What the incidents of one case have done to the world, and how it comes to rest again. */
export interface Disturbances extends Pick<Remedies, 'heal'> {
  readonly world: World;
  readonly folder: SimulatedFolder;
  /** In the order in which they happened. */
  readonly happened: Incident[];
  /** The uplink's name before the run. */
  readonly uplinkName: string;
  /** Names that the migration is to give. */
  readonly bridgeName: string;
  readonly hostPortName: string;
  readonly remedies: Remedies;
}

/** Begins with an undisturbed world. */
export function createDisturbances(
  world: World,
  folder: SimulatedFolder,
  names: { readonly bridge: string; readonly hostPort: string },
): Disturbances {
  const remedies = createRemedies(world.clock);
  const uplink = world.kernel.read({ routes: false }).links.find(link => link.index === world.uplinkIndex);
  return {
    world,
    folder,
    happened: [],
    uplinkName: uplink?.name ?? '',
    bridgeName: names.bridge,
    hostPortName: names.hostPort,
    remedies,
    heal: remedies.heal,
  };
}

/** What an incident may do to the run itself. */
export interface RunHandles {
  kill(): void;
  abort(): void;
  confirm(): void;
}

/** Lets an incident happen now; false when there is nothing that it could happen to. */
export function applyIncident(incident: Incident, disturbances: Disturbances, run: RunHandles): boolean {
  const { world, folder, happened, remedies } = disturbances;
  const { kernel, ovs, uplinkIndex } = world;
  happened.push(incident);
  const links = (): readonly Link[] => kernel.read({ routes: false }).links;
  const isOurs = (link: Link): boolean => link.name === disturbances.hostPortName && link.index !== uplinkIndex;
  const uplink = links().find(link => link.index === uplinkIndex);
  switch (incident.kind) {
    case 'uplink.remove':
      kernel.removeLink(uplinkIndex);
      break;
    case 'uplink.carrier.lose':
      // A link that is down has a wire, too: it comes up without it.
      if (uplink === undefined || (isUp(uplink) && (uplink.flags & IFF_LOWER_UP) === 0)) break;
      kernel.updateLink(uplinkIndex, { carrier: false });
      remedies.after(incident.forMs, () => kernel.updateLink(uplinkIndex, { carrier: true }));
      break;
    case 'uplink.set-down':
      if (uplink !== undefined) setUp(disturbances, uplink, false);
      break;
    case 'uplink.mtu':
      if (uplink !== undefined) kernel.apply({ op: 'link.set', link: uplink, mtu: incident.mtu });
      break;
    case 'uplink.altname': {
      const add = (left: number): void => {
        const link = links().find(other => other.index === uplinkIndex);
        if (link !== undefined && link.name !== disturbances.uplinkName) {
          kernel.apply({ op: 'altname.add', link, altname: disturbances.uplinkName });
        }
        if (left > 1) world.clock.setTimeout(() => add(left - 1), incident.everyMs);
      };
      add(incident.times);
      break;
    }
    case 'uplink.address.remove': {
      const address = kernel
        .read({ routes: false })
        .addresses.find(
          other => other.linkIndex === uplinkIndex && other.family === 4 && other.local !== FOREIGN_ADDRESS,
        );
      if (address !== undefined) kernel.apply({ op: 'address.remove', address });
      break;
    }
    case 'uplink.address.add':
      if (uplink !== undefined) kernel.apply({ op: 'address.add', address: foreignAddress(uplinkIndex) });
      break;
    case 'uplink.route.add':
      if (uplink !== undefined) kernel.apply({ op: 'route.add', route: foreignRoute(uplinkIndex) });
      break;
    case 'name.take': {
      // Far from those that the kernel gives out, so that it is the same one in a shadow of this world.
      const taken = kernel.addLink({ name: disturbances.hostPortName, kind: 'dummy', index: FOREIGN_INDEX });
      if ('code' in taken) return false;
      remedies.after(incident.forMs, () => kernel.removeLink(taken.index));
      break;
    }
    case 'host-port.remove':
      for (const link of links().filter(isOurs)) kernel.removeLink(link.index);
      break;
    case 'host-port.set-down':
      for (const link of links().filter(isOurs)) setUp(disturbances, link, false);
      break;
    case 'host-port.dad-failed': {
      const hostPort = links().find(isOurs);
      const address = kernel
        .read({ routes: false })
        .addresses.find(other => other.linkIndex === hostPort?.index && other.family === 6);
      if (address === undefined) break;
      kernel.failDad(address.linkIndex, address.local);
      break;
    }
    case 'netlink.overrun':
      loseKernelEvents(world, OVERRUN_MS);
      break;
    case 'ovsdb.stop':
      ovs.stopOvsdb();
      remedies.after(incident.forMs, () => ovs.startOvsdb());
      break;
    case 'ovsdb.drop':
      ovs.dropConnection();
      break;
    case 'ovsdb.lock.steal':
      ovs.holdLock();
      remedies.after(null, () => ovs.freeLock());
      break;
    case 'ovsdb.rows.remove':
      ovs.removeOurRows();
      break;
    case 'ovsdb.port.add':
      // On our bridge, where it stands by now.
      ovs.addForeignPort(disturbances.bridgeName, 'foreign0');
      break;
    case 'vswitchd.kill':
      ovs.stopVswitchd('kill');
      remedies.after(incident.forMs, () => ovs.startVswitchd());
      break;
    case 'vswitchd.hang':
      ovs.stopVswitchd('hang');
      remedies.after(incident.forMs, () => ovs.continueVswitchd());
      break;
    case 'ovs.flow-restore-wait':
      ovs.setFlowRestoreWait(true);
      remedies.after(incident.forMs, () => ovs.setFlowRestoreWait(false));
      break;
    case 'interface.error':
      for (const name of [disturbances.hostPortName, disturbances.uplinkName]) {
        ovs.failNextInterface(name, incident.text.replace('{name}', name), incident.times);
      }
      break;
    case 'gateway.silent': {
      const all = [...world.gateways.values()];
      for (const gateway of all) world.gateways.set(gateway.address, { ...gateway, answers: false });
      remedies.after(incident.forMs, () => {
        for (const gateway of all) world.gateways.set(gateway.address, gateway);
      });
      break;
    }
    case 'disk.full':
      folder.full = true;
      remedies.after(incident.forMs, () => {
        folder.full = false;
      });
      break;
    case 'owner.restart':
      if (world.owners.managers().length === 0) return false;
      for (const owner of world.owners.managers()) world.owners.restart(owner);
      break;
    case 'owner.silent':
      if (world.owners.managers().length === 0) return false;
      world.owners.silence(true);
      remedies.after(incident.forMs, () => world.owners.silence(false));
      break;
    case 'guard.lose':
      folder.loseGuard?.();
      break;
    case 'abort':
      run.abort();
      break;
    case 'confirm':
      run.confirm();
      break;
    case 'kill':
      run.kill();
      break;
  }
  return true;
}

function setUp(disturbances: Disturbances, link: Link, up: boolean): void {
  if (isUp(link) === up) return;
  disturbances.world.kernel.apply({ op: 'link.set', link, up });
}

/** What {@link applyIncident} adds in the name of others, as the invariants call it. */
export function objectsOfOthers(uplink: string): readonly string[] {
  return [
    `address ${FOREIGN_ADDRESS}/32 on ${uplink}`,
    `route local ${FOREIGN_ADDRESS}/32 src ${FOREIGN_ADDRESS} table local dev ${uplink}`,
    `route 198.51.100.128/25 dev ${uplink}`,
    // The kernel's own: it comes with the carrier.
    `route multicast ff00::/8 table local metric 256 dev ${uplink}`,
  ];
}

/** An address outside of every described network. */
export function foreignAddress(linkIndex: number): Address {
  return plainAddress(linkIndex, FOREIGN_ADDRESS, 32);
}

function foreignRoute(linkIndex: number): Route {
  return { ...plainRoute('198.51.100.128/25', linkIndex), protocol: RTPROT_STATIC };
}
