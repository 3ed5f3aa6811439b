import { closeSync } from 'node:fs';
import type { Address } from '../domain/address.ts';
import type { Link } from '../domain/link.ts';
import type { Neighbour } from '../domain/neighbour.ts';
import type { Route } from '../domain/route.ts';
import { isUplinkError, uplinkError } from '../errors.ts';
import { addAddressRequest, addressDumpPayload, decodeAddress, removeAddressRequest } from './address-codec.ts';
import { sendFrames } from './announce.ts';
import { type DumpCollector, Dumper, dumpRequest } from './dump.ts';
import { EAFNOSUPPORT, ENODEV, ENOENT, EOPNOTSUPP } from './errno.ts';
import { requestAck, requestMany, requestOrThrow } from './exchange.ts';
import { decodeLink } from './link-codec.ts';
import {
  addAltnameRequest,
  createLinkRequest,
  deleteLinkRequest,
  getLinkRequest,
  linkDumpPayload,
  removeAltnameRequest,
  setLinkRequest,
} from './link-requests.ts';
import {
  decodeNeighbour,
  neighbourDumpPayload,
  removeNeighbourRequest,
  setNeighbourRequest,
} from './neighbour-codec.ts';
import type { Netlink, NetlinkOptions } from './netlink.ts';
import { NETLINK_ROUTE, openNetlinkSocket } from './netlink-socket.ts';
import { openNetns } from './netns.ts';
import { decodeNetnsId, netnsIdDumpPayload } from './netns-id.ts';
import type { NetnsThread } from './netns-thread.ts';
import { decodeNexthopObject, nexthopDumpPayload } from './nexthop-object.ts';
import { probeNeighbour } from './probe-neighbour.ts';
import { type NetlinkRequest, refused } from './request.ts';
import { decodeRoute } from './route-codec.ts';
import { createRouteColumnsCollector } from './route-columns.ts';
import { addRouteRequest, removeRouteRequest, routeDumpPayload } from './route-requests.ts';
import {
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGH,
  RTM_GETNEXTHOP,
  RTM_GETNSID,
  RTM_GETROUTE,
  RTM_GETRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from './rtnetlink.ts';
import { addRuleRequest, decodeRule, removeRuleRequest, ruleDumpPayload } from './rule-codec.ts';
import type { NetnsHandle, RawSocket } from './socket.ts';
import { type NetlinkSubscription, openSubscription } from './subscription.ts';
import type { Wire } from './wire.ts';

const FAMILIES = [4, 6] as const;
const LOOPBACK_INDEX = 1;

/**
 * Opens an rtnetlink client: two sockets (requests, dumps) and one more for each subscription. Synchronous; throws USAGE
 * (no such namespace), UNSUPPORTED, NETLINK_REFUSED. Reading needs no privilege, changing needs CAP_NET_ADMIN. Close it
 * before a worker thread ends: koffi crashes otherwise.
 */
export function openNetlink(options: NetlinkOptions = {}): Netlink {
  const path = options.netnsPath;
  return openNetlinkIn(path === undefined ? undefined : { fd: openNetns(path), path }, options);
}

/**
 * {@link openNetlink} in a namespace that another thread goes to: this one never does. It has one subscription. The descriptor stays the caller's.
 * Errors: `NETLINK_REFUSED`.
 */
export async function openNetlinkFrom(thread: NetnsThread, fd: number, path: string): Promise<Netlink> {
  const own = openNetns(`/proc/self/fd/${fd}`);
  let sockets: number[];
  try {
    sockets = [...(await thread.openSockets(fd, path, SOCKETS))];
  } catch (error) {
    closeSync(own);
    throw error;
  }
  return openNetlinkIn({ fd: own, path, sockets }, {});
}

/** Requests, dumps, one subscription. */
const SOCKETS = 3;

function openNetlinkIn(netns: NetnsHandle | undefined, options: NetlinkOptions): Netlink {
  const open: RawSocket[] = [];
  const openSocket = (label: string) => {
    const socket = openNetlinkSocket({ protocol: NETLINK_ROUTE, label, netns });
    open.push(socket);
    // The kernel remembers the largest receive of a socket and sizes dumps by it: the first one must not be a dump.
    requestAck(socket, getLinkRequest(LOOPBACK_INDEX));
    return socket;
  };
  try {
    return createNetlink(openSocket('rtnetlink requests'), openSocket('rtnetlink dumps'), netns, options);
  } catch (error) {
    for (const socket of open) socket.close();
    release(netns);
    throw error;
  }
}

function release(netns: NetnsHandle | undefined): void {
  if (netns === undefined) return;
  for (const fd of [netns.fd, ...(netns.sockets ?? [])]) closeSync(fd);
}

/** Collects the objects of one message type. */
function listOf<T>(
  messageType: number,
  decode: (wire: Wire, at: number, end: number) => T | undefined,
): () => DumpCollector<T[]> {
  return () => {
    const list: T[] = [];
    return {
      message(wire, type, at, end) {
        if (type !== messageType) return;
        const item = decode(wire, at, end);
        if (item !== undefined) list.push(item);
      },
      result: () => list,
    };
  };
}

/** A dump that the kernel refuses with one of these numbers has nothing to show. */
async function emptyIf<T>(dump: Promise<T[]>, ...errnos: readonly number[]): Promise<T[]> {
  try {
    return await dump;
  } catch (error) {
    if (isUplinkError(error) && error.details.errno !== undefined && errnos.includes(error.details.errno)) return [];
    throw error;
  }
}

function createNetlink(
  requests: RawSocket,
  dumps: RawSocket,
  netns: NetnsHandle | undefined,
  options: NetlinkOptions,
): Netlink {
  const dumper = new Dumper(dumps);
  const subscriptions = new Set<NetlinkSubscription>();
  let closing: Promise<void> | undefined;

  const request = async (message: NetlinkRequest) => requestOrThrow(requests, message);
  const lookUp = async (target: number | string): Promise<Link | undefined> => {
    const message = getLinkRequest(target);
    let link: Link | undefined;
    const ack = requestAck(requests, message, (wire, type, at, end) => {
      if (type === RTM_NEWLINK) link = decodeLink(wire, at, end);
    });
    if (ack.errno !== 0 && ack.errno !== ENODEV) throw refused(message, ack);
    return link;
  };
  // One family each, and foreign families left out: without an IPv6 stack the kernel answers for all families instead.
  const perFamily = async <T extends { readonly family: 4 | 6 }>(
    family: 4 | 6 | undefined,
    dump: (family: 4 | 6) => Promise<T[]>,
  ): Promise<T[]> => {
    const lists: T[][] = [];
    for (const one of family === undefined ? FAMILIES : [family]) {
      lists.push((await dump(one)).filter(item => item.family === one));
    }
    return lists.length === 1 ? lists[0]! : lists.flat();
  };

  const client: Netlink = {
    links: () => dumper.dump(dumpRequest('links', RTM_GETLINK, linkDumpPayload()), listOf(RTM_NEWLINK, decodeLink)),
    addresses: async filter => {
      const list = await perFamily<Address>(filter?.family, family =>
        dumper.dump(
          dumpRequest('addresses', RTM_GETADDR, addressDumpPayload(family)),
          listOf(RTM_NEWADDR, decodeAddress),
        ),
      );
      return filter?.linkIndex === undefined ? list : list.filter(address => address.linkIndex === filter.linkIndex);
    },
    routes: filter =>
      perFamily<Route>(filter?.family, async family => {
        const payload = routeDumpPayload(family, filter?.table);
        const list = await emptyIf(
          dumper.dump(dumpRequest('routes', RTM_GETROUTE, payload), listOf(RTM_NEWROUTE, decodeRoute)),
          ENOENT,
        );
        return filter?.table === undefined ? list : list.filter(route => route.table === filter.table);
      }),
    routeColumns: async filter => {
      const families = filter?.family === undefined ? FAMILIES : [filter.family];
      const collector = createRouteColumnsCollector();
      for (const family of families) {
        const payload = routeDumpPayload(family, filter?.table);
        await emptyIf(
          dumper.dump(dumpRequest('routes', RTM_GETROUTE, payload), () => collector.begin(family)),
          ENOENT,
        );
      }
      return collector.columns();
    },
    rules: filter =>
      perFamily(filter?.family, family =>
        emptyIf(
          dumper.dump(dumpRequest('rules', RTM_GETRULE, ruleDumpPayload(family)), listOf(RTM_NEWRULE, decodeRule)),
          EAFNOSUPPORT,
          EOPNOTSUPP,
        ),
      ),
    async neighbours(filter) {
      const dump = (proxies: boolean): Promise<Neighbour[]> => {
        const payload = neighbourDumpPayload(filter?.linkIndex, proxies);
        return emptyIf(
          dumper.dump(dumpRequest('neighbours', RTM_GETNEIGH, payload), listOf(RTM_NEWNEIGH, decodeNeighbour)),
          ENODEV,
        );
      };
      const list = [...(await dump(false)), ...(await dump(true))];
      return filter?.linkIndex === undefined ? list : list.filter(entry => entry.linkIndex === filter.linkIndex);
    },
    nexthopObjects: () =>
      emptyIf(
        dumper.dump(
          dumpRequest('nexthop objects', RTM_GETNEXTHOP, nexthopDumpPayload()),
          listOf(RTM_NEWNEXTHOP, decodeNexthopObject),
        ),
        EOPNOTSUPP,
      ),
    netnsIds: () =>
      dumper.dump(dumpRequest('namespace ids', RTM_GETNSID, netnsIdDumpPayload()), listOf(RTM_NEWNSID, decodeNetnsId)),
    readKernelState: async () => ({
      links: await client.links(),
      addresses: await client.addresses(),
      routes: await client.routes(),
      rules: await client.rules(),
      neighbours: await client.neighbours(),
    }),
    linkByIndex: lookUp,
    linkByName: lookUp,

    setLink: async (index, changes) => request(setLinkRequest(index, changes)),
    createLink: async spec => request(createLinkRequest(spec)),
    deleteLink: async index => request(deleteLinkRequest(index)),
    addAltname: async (index, altname) => request(addAltnameRequest(index, altname)),
    removeAltname: async (index, altname) => request(removeAltnameRequest(index, altname)),
    addAddress: async (address, mode) => request(addAddressRequest(address, mode)),
    removeAddress: async address => request(removeAddressRequest(address)),
    addRoute: async (route, mode) => request(addRouteRequest(route, mode)),
    removeRoute: async route => request(removeRouteRequest(route)),
    addRule: async rule => request(addRuleRequest(rule)),
    removeRule: async rule => request(removeRuleRequest(rule)),
    setNeighbour: async neighbour => request(setNeighbourRequest(neighbour)),
    removeNeighbour: async neighbour => request(removeNeighbourRequest(neighbour)),
    probeNeighbour: (target, probeOptions) =>
      probeNeighbour({ ...client, sendFrame: (link, frame) => sendFrames(link, [frame], netns) }, target, probeOptions),
    batch: async messages => requestMany(requests, messages),

    subscribe(groups, listener) {
      if (closing !== undefined) throw uplinkError('NETLINK_CLOSED', { what: 'netlink client is closed' });
      const subscription = openSubscription({
        groups,
        listener,
        netns,
        receiveBufferBytes: options.receiveBufferBytes,
        onClose: () => subscriptions.delete(subscription),
      });
      subscriptions.add(subscription);
      return subscription;
    },
    get interruptedDumps() {
      return dumper.interrupted;
    },
    close() {
      closing ??= (async () => {
        for (const subscription of subscriptions) subscription.close();
        requests.close();
        await dumper.close();
        dumps.close();
        release(netns);
      })();
      return closing;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
  return client;
}
