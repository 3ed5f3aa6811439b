import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isLinkLocal } from '../../../src/domain/address.ts';
import { isUp, type Link } from '../../../src/domain/link.ts';
import { NUD_PERMANENT } from '../../../src/domain/neighbour.ts';
import { readLinkSysctls, writeLinkSysctl } from '../../../src/host/linux-sysctl.ts';
import { type Netlink, openNetlink } from '../../../src/netlink/index.ts';
import { openNetns, runInNetnsFd } from '../../../src/netlink/netns.ts';
import { createNamespace, ipBatch, type Namespace } from '../netns-lab.ts';
import { readQueues } from './queues.ts';

/** The link that is moved, as it is named at home. */
export const LINK = 'up0';
export const LINK_INDEX = 50;
export const LINK_MAC = '02:00:00:00:06:01';
/** The index that it may be given there. */
export const ASKED_INDEX = 777;
export const ALTNAME = 'enp9s0';
/** The name that it is to have in the target. */
export const NEW_NAME = 'net0';
export const LOOPBACK = 1;

const SYSCTLS = { 'ipv4/conf': 'rp_filter', 'ipv6/conf': 'accept_ra', 'ipv4/neigh': 'app_solicit' } as const;
const SYSCTL_KEYS = Object.entries(SYSCTLS).map(([folder, name]) => `${folder}/{link}/${name}`);
const LINK_SYSCTLS = ['2', '0', '3'];
/** So that a link's own ones, those of the target and those of the kernel can be told apart. Only the first namespace has ipv4/neigh/default. */
const TARGET_SYSCTLS = ['1', '2'];

/** Everything of a link that a move may change. Lists are one text each, so that a difference is one line. */
export interface Sight {
  readonly at: 'home' | 'target' | 'far';
  readonly name: string;
  /** Which other one depends on those that have been. */
  readonly index: number | 'another';
  readonly up: boolean;
  readonly altnames: string;
  readonly alias: string | null;
  readonly mac: string | null;
  readonly mtu: number;
  readonly txQueueLength: number;
  readonly group: number;
  readonly promiscuity: number;
  readonly addrGenMode: number | null;
  readonly qdisc: string | null;
  readonly queues: string;
  readonly master: string | null;
  readonly addresses: string;
  readonly routes: string;
  readonly neighbours: string;
  readonly sysctls: string;
}

/** A namespace, pinned by `fd` also when its name is gone. */
export interface Place {
  readonly at: 'home' | 'target' | 'far';
  readonly namespace: Namespace;
  readonly fd: number;
  readonly netlink: Netlink;
}

/** A veth with much on it, in `home`; its other end is in a third namespace. */
export interface MoveBench {
  readonly home: Place;
  readonly target: Place;
  /** Where the other end of the link is: `far0`. */
  readonly far: Place;
  /** The link; undefined when it is in neither namespace. */
  see(): Promise<Sight | undefined>;
  /** Deletes the target's name, and, unless it stays pinned, the target. */
  loseTarget(options: { readonly pinned: boolean }): Promise<void>;
}

/** One bench after another, each like the first; under emulation new namespaces for each would take minutes. */
export interface MoveBenches extends AsyncDisposable {
  next(): Promise<MoveBench>;
}

export function openMoveBenches(): MoveBenches {
  let places: readonly Place[] = [];
  let lost: readonly Place[] = [];
  const clear = async (): Promise<void> => {
    let isPristine = places.length > 0 && lost.length === 0;
    for (const place of isPristine ? places : []) isPristine = (await clearPlace(place)) && isPristine;
    if (!isPristine) await close();
  };
  const close = async (): Promise<void> => {
    for (const place of places) await closePlace(place, lost.includes(place));
    places = [];
    lost = [];
  };
  return {
    async next() {
      await clear();
      if (places.length === 0) {
        places = (['home', 'target', 'far'] as const).map(openPlace);
        writeSysctls(places[1]!, 'default', TARGET_SYSCTLS);
      }
      const [home, target, far] = places as [Place, Place, Place];
      await furnish(home, far);
      return {
        home,
        target,
        far,
        async see() {
          for (const place of places) {
            if (place === far) continue;
            const link = (await place.netlink.links()).find(each => each.mac === LINK_MAC && each.kind === 'veth');
            if (link !== undefined) return await seeLink(place, link);
          }
          return undefined;
        },
        async loseTarget({ pinned }) {
          target.namespace.remove();
          lost = [target];
          if (pinned) return;
          await closePlace(target, true);
          places = [home, far];
        },
      };
    },
    [Symbol.asyncDispose]: close,
  };
}

function openPlace(at: Place['at']): Place {
  const namespace = createNamespace(at);
  return { at, namespace, fd: openNetns(namespace.path), netlink: openNetlink({ netnsPath: namespace.path }) };
}

async function closePlace({ netlink, fd, namespace }: Place, isNameless: boolean): Promise<void> {
  await netlink.close();
  closeSync(fd);
  if (!isNameless) namespace.remove();
}

/** False when something is left that cannot be deleted. */
async function clearPlace({ netlink }: Place): Promise<boolean> {
  for (const { index, altnames } of await netlink.links()) {
    if (index === LOOPBACK) for (const altname of altnames) await netlink.removeAltname(index, altname);
    // Another one may have gone with the one before.
    else if ((await netlink.linkByIndex(index)) !== undefined) await netlink.deleteLink(index).catch(() => {});
  }
  return (await netlink.links()).length === 1;
}

async function furnish(home: Place, far: Place): Promise<void> {
  const ends = `type veth peer name far0 netns ${far.namespace.name}`;
  ipBatch(home.namespace, [
    `link add ${LINK} index ${LINK_INDEX} address ${LINK_MAC} mtu 1400 txqueuelen 500 numtxqueues 4 numrxqueues 3 ${ends}`,
    `link set ${LINK} addrgenmode none promisc on group 7`,
    `link set ${LINK} alias the-uplink`,
    `link property add dev ${LINK} altname ${ALTNAME}`,
    `link set ${LINK} up`,
    `addr add 10.66.0.1/24 dev ${LINK}`,
    `addr add fd66::1/64 dev ${LINK} nodad`,
    `route add 192.0.2.0/24 via 10.66.0.2`,
    `neigh add 10.66.0.2 lladdr 02:00:00:00:06:02 dev ${LINK}`,
  ]);
  execFileSync('tc', ['-n', home.namespace.name, 'qdisc', 'replace', 'dev', LINK, 'root', 'pfifo', 'limit', '77']);
  const peer = await far.netlink.linkByName('far0');
  await far.netlink.setLink(peer!.index, { up: true });
  await untilNoted(home.netlink);
  writeSysctls(home, LINK, LINK_SYSCTLS);
}

/** Resolves when the kernel has noted the link's carrier, which it does in its own time. */
async function untilNoted(netlink: Netlink): Promise<void> {
  const noted = Promise.withResolvers<void>();
  const look = (link: Link | undefined) => {
    if (link?.name === LINK && link.operState === 'up') noted.resolve();
  };
  await using _events = netlink.subscribe(['link'], event => {
    if (event.type === 'link.changed') look(event.link);
  });
  look(await netlink.linkByIndex(LINK_INDEX));
  await noted.promise;
}

function inPlace<T>({ fd, namespace }: Place, action: () => T): T {
  return runInNetnsFd(fd, namespace.name, action);
}

function writeSysctls(place: Place, link: string, values: readonly string[]): void {
  inPlace(place, () => {
    for (const [at, value] of values.entries()) writeLinkSysctl(link, SYSCTL_KEYS[at]!, value);
  });
}

function readSysctls(place: Place, link: string): string {
  const values = inPlace(place, () => readLinkSysctls(link));
  return SYSCTL_KEYS.map(key => values[key]).join(' ');
}

async function seeLink(place: Place, link: Link): Promise<Sight> {
  const { netlink } = place;
  const master = link.master === null ? undefined : await netlink.linkByIndex(link.master);
  // The kernel makes link-local addresses in its own time.
  const addresses = (await netlink.addresses({ linkIndex: link.index })).filter(address => !isLinkLocal(address));
  const routes = (await netlink.routes({ table: 254 })).filter(
    ({ nexthops, destination }) => nexthops[0]?.linkIndex === link.index && !destination.startsWith('fe80:'),
  );
  const neighbours = await netlink.neighbours({ linkIndex: link.index });
  return {
    at: place.at,
    name: link.name,
    index: link.index === LINK_INDEX || link.index === ASKED_INDEX ? link.index : 'another',
    up: isUp(link),
    altnames: link.altnames.join(' '),
    alias: link.alias,
    mac: link.mac,
    mtu: link.mtu,
    txQueueLength: link.txQueueLength,
    group: link.group,
    promiscuity: link.promiscuity,
    addrGenMode: link.ipv6AddrGenMode,
    qdisc: link.qdisc,
    queues: readQueues({ fd: place.fd, path: place.namespace.path }, link.index),
    master: master?.name ?? null,
    addresses: addresses.map(({ local, prefixLength }) => `${local}/${prefixLength}`).join(' '),
    routes: routes.map(({ destination }) => destination).join(' '),
    neighbours: neighbours
      .filter(({ state }) => (state & NUD_PERMANENT) !== 0)
      .map(({ address }) => address)
      .join(' '),
    sysctls: readSysctls(place, link.name),
  };
}
