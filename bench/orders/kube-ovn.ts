import {
  bare,
  byScope,
  type Clients,
  dropPorts,
  insertBridge,
  insertPort,
  openClients,
  setBridgeMac,
} from './clients.ts';
import type { MarkMoment, Order, OrderInput } from './order.ts';

/** The order of Kube-OVN's configProviderNic and removeProviderNic, as facts/peers.md §2.4 and §2.5 give them. */
export const kubeOvn: Order = {
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
  const { netlink } = clients;
  await clients.apply(insertBridge(bridge, { other_config: { 'mac-learning-fallback': 'true' } }));
  mark('bridge made');
  const uplink = await clients.link(name);
  const local = await clients.link(bridge);
  const addresses = await clients.addresses(uplink);
  const routes = await clients.routes(uplink);
  for (const address of addresses) {
    await clients.removeAddress(address);
    await clients.addAddress(bare(address), local, null);
  }
  mark('addresses moved');
  await clients.apply([setBridgeMac(bridge, uplink.mac ?? '')]);
  mark('MAC set');
  await netlink.setLink(local.index, { up: true });
  await clients.addRoutes(byScope(routes), local, 'replace');
  await netlink.setLink(uplink.index, { up: true });
  mark('routes replaced');
  await clients.apply(insertPort(bridge, name));
  mark('uplink attached');
  await clients.steal(name);
}

async function back({ uplink: name, bridge }: OrderInput, clients: Clients, mark: MarkMoment) {
  const { netlink } = clients;
  const uplink = await clients.link(name);
  const local = await clients.link(bridge);
  const addresses = await clients.addresses(local);
  const routes = await clients.routes(local);
  await clients.apply([dropPorts(bridge, [await clients.uuidOf('Port', name)])]);
  await clients.release();
  mark('uplink detached');
  for (const address of addresses) {
    await clients.removeAddress(address);
    await clients.addAddress(bare(address), uplink, null);
  }
  mark('addresses moved');
  await netlink.setLink(uplink.index, { up: true });
  await clients.addRoutes(byScope(routes), uplink, 'replace');
  await netlink.setLink(local.index, { up: false });
  mark('routes replaced');
}
