import { writeFileSync } from 'node:fs';
import { uplinkError } from '../../src/errors.ts';
import {
  bare,
  type Clients,
  delay,
  dropPorts,
  insertBridge,
  insertPort,
  openClients,
  setInterface,
} from './clients.ts';
import type { MarkMoment, Order, OrderInput } from './order.ts';

const POLL_MS = 100;

/**
 * The order of Antrea's PrepareHostInterfaceConnection and of its way back, step by step as facts/peers.md §1.2 and §1.6 give
 * them. The bridge stands before, as the agent has it.
 */
export const antrea: Order = {
  async prepareThere(input) {
    const clients = await openClients(input.ovsdb);
    await clients.apply(insertBridge(input.bridge));
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
  const bridged = `${name}~`;
  const uplink = await clients.link(name);
  const addresses = await clients.addresses(uplink);
  const routes = await clients.routes(uplink);
  mark('read');
  await rename(clients, uplink.index, bridged);
  mark('renamed (down, name, up)');
  await clients.commit(insertPort(bridge, name, { type: 'internal', mac: uplink.mac ?? '' }));
  const hostPort = await pollLink(clients, name);
  mark('host port there');
  await netlink.setLink(hostPort.index, { up: true });
  await clients.commit([setInterface(name, { mtu_request: uplink.mtu })]);
  if (addresses.some(address => address.family === 6)) {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '0');
  }
  for (const address of addresses) await clients.addAddress(bare(address), hostPort, null);
  for (const address of addresses) await clients.removeAddress(address);
  mark('addresses moved');
  await clients.addRoutes(routes, hostPort, 'create');
  mark('routes added');
  await clients.commit(insertPort(bridge, bridged));
  await clients.settle();
  mark('uplink attached');
  await clients.steal(bridged);
}

async function back({ uplink: name, bridge }: OrderInput, clients: Clients, mark: MarkMoment) {
  const bridged = `${name}~`;
  const hostPort = await clients.link(name);
  const uplink = await clients.link(bridged);
  const addresses = await clients.addresses(hostPort);
  const routes = await clients.routes(hostPort);
  const ports = [await clients.uuidOf('Port', name), await clients.uuidOf('Port', bridged)];
  await clients.apply([dropPorts(bridge, ports)]);
  await clients.release();
  mark('both ports deleted');
  await rename(clients, uplink.index, name);
  mark('renamed (down, name, up)');
  for (const address of addresses) await clients.addAddress(bare(address), uplink, null);
  await clients.addRoutes(routes, uplink, 'create');
  mark('addresses and routes added');
}

async function rename({ netlink }: Clients, index: number, name: string): Promise<void> {
  await delay(POLL_MS);
  await netlink.setLink(index, { up: false });
  await netlink.setLink(index, { name });
  await netlink.setLink(index, { up: true });
}

async function pollLink(clients: Clients, name: string) {
  for (let tries = 0; tries < 100; tries += 1) {
    const link = await clients.netlink.linkByName(name);
    if (link !== undefined) return link;
    await delay(POLL_MS);
  }
  throw uplinkError('DEADLINE', { what: 'the host port does not appear', object: name });
}
