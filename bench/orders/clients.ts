import type { Address } from '../../src/domain/address.ts';
import { isLinkLocal } from '../../src/domain/address.ts';
import type { Link } from '../../src/domain/link.ts';
import type { Route } from '../../src/domain/route.ts';
import { RT_TABLE_MAIN, usesLink } from '../../src/domain/route.ts';
import { isUplinkError } from '../../src/errors.ts';
import { type Netlink, openIngressDrops, openNetlink } from '../../src/netlink/index.ts';
import {
  createOvsdbClient,
  insert,
  monitorOpenVswitch,
  mutate,
  namedUuid,
  type Operation,
  type OvsdbClient,
  type Replica,
  type RowInput,
  select,
  transactApplied,
  transactBumped,
  update,
  waitApplied,
} from '../../src/ovsdb/index.ts';

/**
 * The steps that the peers' orders are made of, over our own clients: whatever differs between two orders is then the
 * order, not the tool.
 */
export interface Clients extends AsyncDisposable {
  readonly netlink: Netlink;
  link(name: string): Promise<Link>;
  /** Addresses without the link-local ones, in the kernel's order: what every peer reads. */
  addresses(link: Link): Promise<Address[]>;
  /** Routes of the main table over a link, in the kernel's order: what every peer reads. */
  routes(link: Link): Promise<Route[]>;
  /** Adds routes one by one; one that is there already is no error. */
  addRoutes(routes: readonly Route[], to: Link, mode: 'create' | 'replace'): Promise<void>;
  addAddress(address: Address, to: Link, label: string | null): Promise<void>;
  removeAddress(address: Address): Promise<void>;
  /** Commits and does not wait, as libovsdb does. */
  commit(operations: readonly Operation[]): Promise<void>;
  /** Commits and waits until ovs-vswitchd has applied it, as ovs-vsctl does. */
  apply(operations: readonly Operation[]): Promise<void>;
  /** Waits until ovs-vswitchd has applied everything that was committed so far. */
  settle(): Promise<void>;
  uuidOf(table: string, name: string): Promise<string>;
  /**
   * What the kernel datapath does by itself when a port is attached: the kernel's own stack hears nothing from it any more.
   * The lab's datapath is userspace, where no peer works at all; without this, its second answers would hide every outage.
   */
  steal(linkName: string): Promise<void>;
  release(): Promise<void>;
}

/** Opens the clients; resolves when OVSDB has sent the first copy. */
export async function openClients(ovsdb: string): Promise<Clients> {
  const netlink = openNetlink();
  const drops = openIngressDrops();
  const client: OvsdbClient = createOvsdbClient({ remotes: ovsdb });
  await client.connect({ timeoutMs: 10_000 });
  const replica: Replica = (await monitorOpenVswitch(client)).replica;

  const link = async (name: string): Promise<Link> => {
    const found = await netlink.linkByName(name);
    if (found === undefined) throw new Error(`no link ${name}`);
    return found;
  };
  return {
    netlink,
    link,
    addresses: async ({ index }) => (await netlink.addresses({ linkIndex: index })).filter(a => !isLinkLocal(a)),
    routes: async ({ index }) =>
      (await netlink.routes({ table: RT_TABLE_MAIN })).filter(
        route => usesLink(route, index) && !/^(fe80:|ff00:)/.test(route.destination),
      ),
    addRoutes: async (routes, to, mode) => {
      for (const route of routes) {
        const nexthops = route.nexthops.map(hop => ({ ...hop, linkIndex: to.index, flags: 0 }));
        await netlink.addRoute({ ...route, nexthops }, mode).catch(tolerate('EEXIST'));
      }
    },
    addAddress: (address, to, label) => netlink.addAddress({ ...address, linkIndex: to.index, label }, 'replace'),
    removeAddress: address => netlink.removeAddress(address).catch(tolerate('EADDRNOTAVAIL')),
    commit: async operations => {
      await client.transact(operations);
    },
    apply: async operations => {
      await transactApplied(client, replica, operations);
    },
    settle: async () => waitApplied(replica, (await transactBumped(client, [])).nextCfg),
    uuidOf: async (table, name) => {
      const [result] = await client.transact([select(table, [['name', '==', name]], ['_uuid'])]);
      return String(result?.rows?.[0]?.['_uuid']);
    },
    steal: linkName => drops.add(linkName),
    release: () => drops.remove(),
    [Symbol.asyncDispose]: async () => {
      await drops[Symbol.asyncDispose]();
      await client.close();
      await netlink.close();
    },
  };
}

function tolerate(errnoName: string): (error: unknown) => void {
  return error => {
    if (!isUplinkError(error) || error.details.errnoName !== errnoName) throw error;
  };
}

/** What all peers lose of an address: flags, lifetimes, broadcast, metric, protocol (facts/peers.md §1.2, §2.4). */
export function bare(address: Address): Address {
  return {
    ...address,
    flags: 0,
    broadcast: null,
    metric: null,
    protocol: null,
    validLifetimeS: null,
    preferredLifetimeS: null,
  };
}

/** A bridge with its local port. */
export function insertBridge(name: string, row: RowInput = {}): Operation[] {
  return [
    insert('Interface', { name, type: 'internal' }, 'localinterface'),
    insert('Port', { name, interfaces: namedUuid('localinterface') }, 'localport'),
    insert('Bridge', { name, datapath_type: 'netdev', ports: namedUuid('localport'), ...row }, 'bridge'),
    mutate('Open_vSwitch', [], [['bridges', 'insert', [namedUuid('bridge')]]]),
  ];
}

/** A port with one interface. `bridge`: name of a bridge that exists. */
export function insertPort(bridge: string, name: string, row: RowInput = {}, port: RowInput = {}): Operation[] {
  return [
    insert('Interface', { name, ...row }, 'newinterface'),
    insert('Port', { name, interfaces: namedUuid('newinterface'), ...port }, 'newport'),
    mutate('Bridge', [['name', '==', bridge]], [['ports', 'insert', [namedUuid('newport')]]]),
  ];
}

/** Takes ports out of a bridge; their rows go with the last reference. */
export function dropPorts(bridge: string, uuids: readonly string[]): Operation {
  return mutate('Bridge', [['name', '==', bridge]], [['ports', 'delete', [...uuids]]]);
}

/** Takes a bridge away. */
export function dropBridge(uuid: string): Operation {
  return mutate('Open_vSwitch', [], [['bridges', 'delete', [uuid]]]);
}

/** Pins a bridge's MAC. */
export function setBridgeMac(bridge: string, mac: string): Operation {
  return mutate('Bridge', [['name', '==', bridge]], [['other_config', 'insert', { hwaddr: mac }]]);
}

/** Sets a column of an Interface row. */
export function setInterface(name: string, row: RowInput): Operation {
  return update('Interface', [['name', '==', name]], row);
}

/** Scope order of Kube-OVN (`routeScopeOrders`): host, link, site, universe. Stable within a scope. */
export function byScope(routes: readonly Route[]): Route[] {
  const rank = (route: Route): number => {
    // IPv6 has no scopes: what has no gateway must come first there, too.
    const scope = route.family === 6 && route.nexthops.every(hop => hop.gateway === null) ? 253 : route.scope;
    return -scope;
  };
  return [...routes].sort((a, b) => rank(a) - rank(b));
}

/** Resolves after this long: the peers' own fixed delays, which are part of their orders. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
