import type { LinkChange } from '../../../src/netlink/index.ts';
import {
  ALTNAME,
  ASKED_INDEX,
  LINK,
  LINK_INDEX,
  LOOPBACK,
  type MoveBench,
  NEW_NAME,
  type Place,
} from './move-bench.ts';

/** One RTM_NEWLINK that moves the link, and what it meets. */
export interface MoveCase {
  /** What is in the way. False: this kernel cannot have it. */
  readonly prepare?: (bench: MoveBench) => Promise<unknown> | unknown;
  /** What is asked beside the move; a new name if absent. */
  readonly change?: Omit<LinkChange, 'netnsFd' | 'netnsPid'>;
  /** IFLA_NEW_IFINDEX */
  readonly newIndex?: number;
  /** IFLA_NET_NS_FD is something else. */
  readonly noNamespace?: boolean;
  /** The link that is moved, where it is another one; it must stay. */
  readonly link?: string;
  /** Who else is looked at afterwards. */
  readonly also?: (bench: MoveBench) => Promise<unknown>;
}

const IN_THE_WAY = 'way0';

/** Makes a link in a namespace that does no harm but by its name, altname or index. */
export async function occupy(
  { namespace }: Place,
  name: string,
  { altname, index }: { altname?: string; index?: number } = {},
) {
  namespace.ip('link', 'add', name, ...(index === undefined ? [] : ['index', `${index}`]), 'type', 'ifb');
  if (altname !== undefined) namespace.ip('link', 'property', 'add', 'dev', name, 'altname', altname);
}

/**
 * Gives a name to the loopback as an altname. Where the name that a link comes with is taken, the kernel gives it the new one before it moves it
 * (__dev_change_net_namespace); otherwise it renames it afterwards.
 */
export async function reserve({ netlink }: Place, name: string): Promise<void> {
  await netlink.addAltname(LOOPBACK, name);
}

/** True when the commands are done; false when this kernel lacks the kind of link. */
function tryIp({ namespace }: Place, ...commands: readonly string[]): boolean {
  try {
    for (const command of commands) namespace.ip(...command.split(' '));
    return true;
  } catch (error) {
    if (String(error).includes('Unknown device type')) return false;
    throw error;
  }
}

async function seeAtHome({ home }: MoveBench, name: string) {
  const link = await home.netlink.linkByName(name);
  if (link === undefined) return 'gone';
  const { lower, lowerNetnsId, operState } = link;
  return { works: operState === 'up', lower, lowerIsElsewhere: lowerNetnsId !== null };
}

function hasDatapath({ home }: MoveBench): boolean {
  try {
    home.namespace.exec('ovs-dpctl', 'add-dp', 'dp0', LINK);
    return true;
  } catch {
    return false; // no Open vSwitch, or no kernel datapath
  }
}

export const MOVE_CASES = {
  'nothing in the way': {},
  'the link is down': { prepare: ({ home }) => home.netlink.setLink(LINK_INDEX, { up: false }) },
  'up, MTU, alias and queue length in the same message': {
    change: { name: NEW_NAME, up: true, mtu: 1300, alias: 'moved', txQueueLength: 600 },
  },

  'the new name is taken': { prepare: ({ target }) => occupy(target, NEW_NAME) },
  'the new name is an altname there': { prepare: ({ target }) => occupy(target, IN_THE_WAY, { altname: NEW_NAME }) },
  'the new name is an altname of the link': { change: { name: ALTNAME } },
  'the old name is taken': { prepare: ({ target }) => occupy(target, LINK) },
  'the old name is an altname there': { prepare: ({ target }) => occupy(target, IN_THE_WAY, { altname: LINK }) },
  'the old name is taken, and no new one is given': { prepare: ({ target }) => occupy(target, LINK), change: {} },
  'the old name and the new name are taken': {
    prepare: async ({ target }) => {
      await occupy(target, LINK);
      await occupy(target, NEW_NAME);
    },
  },
  'the old name is an altname of the loopback there': { prepare: ({ target }) => reserve(target, LINK) },
  'the old name is an altname of the loopback there, and the new name is taken': {
    prepare: async ({ target }) => {
      await reserve(target, LINK);
      await occupy(target, NEW_NAME);
    },
  },
  'the altname is a name there': { prepare: ({ target }) => occupy(target, ALTNAME) },
  'the altname is an altname there': { prepare: ({ target }) => occupy(target, IN_THE_WAY, { altname: ALTNAME }) },
  'the altname and the new name are taken': {
    prepare: ({ target }) => occupy(target, NEW_NAME, { altname: ALTNAME }),
  },

  'the new name is too long': { change: { name: 'a-name-of-sixteen' } },
  'the new name is invalid': { change: { name: 'net/0' } },
  'the new name is invalid and the old one is taken': {
    prepare: ({ target }) => occupy(target, LINK),
    change: { name: 'net/0' },
  },
  'the new name is a pattern': { prepare: ({ target }) => occupy(target, NEW_NAME), change: { name: 'net%d' } },
  'the new name is empty': { change: { name: '' } },
  'an impossible MTU in the same message': { change: { name: NEW_NAME, mtu: 12 } },
  'an impossible MAC in the same message': { change: { name: NEW_NAME, mac: '01:00:00:00:00:01' } },
  'an impossible master in the same message': { change: { name: NEW_NAME, master: 999 } },

  'the index is taken': { prepare: ({ target }) => occupy(target, IN_THE_WAY, { index: LINK_INDEX }) },
  'a new index is asked for': { newIndex: ASKED_INDEX },
  'the new index is taken': {
    prepare: ({ target }) => occupy(target, IN_THE_WAY, { index: ASKED_INDEX }),
    newIndex: ASKED_INDEX,
  },

  'it is a port of a bridge': {
    prepare: ({ home }) => tryIp(home, 'link add br0 type bridge', `link set ${LINK} master br0`),
    also: bench => seeAtHome(bench, 'br0'),
  },
  'it is a port of a bond': {
    prepare: ({ home }) =>
      tryIp(home, 'link add bond0 type bond', `link set ${LINK} down`, `link set ${LINK} master bond0`),
  },
  'it is a port of a kernel datapath of Open vSwitch': {
    prepare: hasDatapath,
    also: async ({ home }) => {
      const shown = home.namespace.exec('ovs-dpctl', 'show', 'dp0');
      home.namespace.exec('ovs-dpctl', 'del-dp', 'dp0');
      return shown.includes(LINK) ? 'a port' : 'no port';
    },
  },
  'a macvlan stands on it': {
    prepare: ({ home }) => tryIp(home, `link add child0 link ${LINK} type macvlan`, 'link set child0 up'),
    also: bench => seeAtHome(bench, 'child0'),
  },
  'a VLAN stands on it': {
    prepare: ({ home }) => tryIp(home, `link add child0 link ${LINK} type vlan id 5`, 'link set child0 up'),
    also: bench => seeAtHome(bench, 'child0'),
  },
  'it is a loopback': { link: 'lo' },
  'it is a bridge': { prepare: ({ home }) => tryIp(home, 'link add br0 type bridge'), link: 'br0' },
  'the descriptor is no namespace': { noNamespace: true },
  'the target has lost its name, and is held by a descriptor': { prepare: bench => bench.loseTarget({ pinned: true }) },
} as const satisfies Record<string, MoveCase>;
