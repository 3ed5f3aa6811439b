import type { Link } from '../../src/domain/link.ts';
import type { Route } from '../../src/domain/route.ts';
import { isDefault } from '../../src/domain/route.ts';
import { isUplinkError } from '../../src/errors.ts';
import { type Clients, dropBridge, insertBridge, insertPort, openClients } from './clients.ts';
import type { MarkMoment, Order, OrderInput } from './order.ts';

/** The order of OVN-Kubernetes' NicToBridge and BridgeToNic, as facts/peers.md §4.1 gives them. */
export const ovnKubernetes: Order = {
  async prepareThere(input) {
    const clients = await openClients(input.ovsdb);
    return {
      go: mark => there(input, clients, mark),
      [Symbol.asyncDispose]: () => clients[Symbol.asyncDispose](),
    };
  },
  async prepareBack(input) {
    const clients = await openClients(input.ovsdb);
    return {
      go: mark => back(input, clients, mark),
      [Symbol.asyncDispose]: () => clients[Symbol.asyncDispose](),
    };
  },
};

async function there({ uplink: name, bridge }: OrderInput, clients: Clients, mark: MarkMoment) {
  const uplink = await clients.link(name);
  await clients.apply([
    ...insertBridge(bridge, {
      external_ids: { 'bridge-id': bridge, 'bridge-uplink': name },
      fail_mode: 'standalone',
      other_config: { hwaddr: uplink.mac ?? '' },
    }),
    ...insertPort(bridge, name, {}, { other_config: { transient: 'true' } }),
  ]);
  await clients.steal(name);
  mark('uplink attached');
  const local = await clients.link(bridge);
  await move(clients, uplink, local);
  mark('addresses and routes moved');
}

async function back({ uplink: name, bridge }: OrderInput, clients: Clients, mark: MarkMoment) {
  const uplink = await clients.link(name);
  const local = await clients.link(bridge);
  await move(clients, local, uplink);
  mark('addresses and routes moved');
  await clients.apply([dropBridge(await clients.uuidOf('Bridge', bridge))]);
  await clients.release();
  mark('bridge deleted');
}

/** saveIPAddress and saveRoute: deletes and adds each; the default last; routes of link scope come with the addresses. */
async function move(clients: Clients, from: Link, to: Link): Promise<void> {
  const { netlink } = clients;
  const addresses = await clients.addresses(from);
  const routes = await clients.routes(from);
  for (const address of addresses) {
    await clients.removeAddress(address);
    await clients.addAddress(address, to, address.family === 4 ? to.name : null);
  }
  await netlink.setLink(to.index, { up: true });
  const moved = routes.filter(route => isDefault(route) || route.nexthops.some(hop => hop.gateway !== null));
  const order = (route: Route): number => (isDefault(route) ? 1 : 0);
  for (const route of moved.sort((a, b) => order(a) - order(b))) {
    await netlink.removeRoute(route).catch((error: unknown) => {
      if (!isUplinkError(error) || error.details.errnoName !== 'ESRCH') throw error;
    });
    await clients.addRoutes([route], to, 'create');
  }
}
