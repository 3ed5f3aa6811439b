import type { MoveOutcome } from './measure-moves.ts';

/** What no move leaves: the link is closed, and every protocol forgets it. Names, index, MTU, MAC, alias, group, queues stay. */
const WIPED = {
  up: false,
  addrGenMode: 0,
  qdisc: 'noop',
  addresses: '',
  routes: '',
  neighbours: '',
};
/** The first two are those of the target's `default`, the last is that of the kernel. */
const TAKEN = { at: 'target', ...WIPED, sysctls: '1 2 0' } as const;
const MOVED: MoveOutcome = { refused: null, ...TAKEN, name: 'net0' };
const { up: _, ...STILL_UP } = MOVED;
const { neighbours: __, ...WITHOUT_NEIGHBOURS } = MOVED;
const STAYS = { at: 'home' } as const;

const sameName = 'EEXIST: An interface with the same name exists in the target netns';
const sameAltname = 'EEXIST: An interface with the altname enp9s0 exists in the target netns';
const unable = (errno: string, name: string): string =>
  `${errno}: Unable to use '${name}' for the new interface name in the target netns`;
const immutable = 'EINVAL: The interface netns is immutable';
const noIndex = 'EBUSY: The ifindex 777 is not available in the target netns';

/** Of Linux 6.18; a case that says nothing but `refused` has changed nothing. */
export const EXPECTED_MOVES: Readonly<Record<string, MoveOutcome>> = {
  'nothing in the way': MOVED,
  'the link is down': {
    refused: null,
    at: 'target',
    name: 'net0',
    addrGenMode: 0,
    qdisc: 'noop',
    addresses: '',
    sysctls: '1 2 0',
  },
  'up, MTU, alias and queue length in the same message': {
    ...STILL_UP,
    qdisc: 'noqueue',
    mtu: 1300,
    alias: 'moved',
    txQueueLength: 600,
  },

  // The kernel moves first and renames then.
  'the new name is taken': { refused: 'EEXIST', ...TAKEN },
  'the new name is an altname there': { refused: 'EEXIST', ...TAKEN },
  'the new name is an altname of the link': { refused: 'EEXIST', ...TAKEN },
  'the new name is invalid': { refused: 'EINVAL', ...TAKEN },
  // Where the old name is taken, it finds out about the new one first.
  'the old name is taken': MOVED,
  'the old name is an altname there': MOVED,
  'the old name is an altname of the loopback there': MOVED,
  'the old name is taken, and no new one is given': { refused: sameName },
  'the old name and the new name are taken': { refused: unable('EEXIST', 'net0') },
  'the old name is an altname of the loopback there, and the new name is taken': { refused: unable('EEXIST', 'net0') },
  'the new name is invalid and the old one is taken': { refused: unable('EINVAL', 'net/0') },
  'the altname is a name there': { refused: sameAltname },
  'the altname is an altname there': { refused: sameAltname },
  'the altname and the new name are taken': { refused: sameAltname },
  'the new name is too long': { refused: 'ERANGE: Attribute failed policy validation' },
  'the new name is a pattern': { ...MOVED, name: 'net1' },
  'the new name is empty': { refused: null, ...TAKEN },

  // And so with everything else that the message asks for: MTU and MAC come before the name, the master after it.
  'an impossible MTU in the same message': { refused: 'EINVAL: mtu less than device minimum', ...TAKEN },
  'an impossible MAC in the same message': { refused: 'EADDRNOTAVAIL', ...TAKEN },
  'an impossible master in the same message': { ...MOVED, refused: 'EINVAL' },

  'the index is taken': { ...MOVED, index: 'another' },
  'a new index is asked for': { ...MOVED, index: 777 },
  'the new index is taken': { refused: noIndex },

  // Nobody refuses: the master and the children are told that the link is gone.
  'it is a port of a bridge': {
    ...MOVED,
    master: null,
    promiscuity: 1,
    also: { works: false, lower: null, lowerIsElsewhere: false },
  },
  // Which gives it back the MTU that it came with; it had no neighbours any more.
  'it is a port of a bond': { ...WITHOUT_NEIGHBOURS, master: null, mtu: 1400 },
  'it is a port of a kernel datapath of Open vSwitch': { ...MOVED, master: null, promiscuity: 1, also: 'no port' },
  'a macvlan stands on it': { ...MOVED, also: { works: false, lower: 50, lowerIsElsewhere: true } },
  'a VLAN stands on it': { ...MOVED, also: { works: false, lower: 50, lowerIsElsewhere: true } },

  'it is a loopback': { refused: immutable, ...STAYS },
  'it is a bridge': { refused: immutable, ...STAYS },
  'the descriptor is no namespace': { refused: 'EINVAL' },
  'the target has lost its name, and is held by a descriptor': MOVED,
};

const BACK: MoveOutcome = { refused: null, ...WIPED, sysctls: '0 1 0' };
/** As it was used in the target. */
const STILL_AWAY = {
  at: 'target',
  name: 'net0',
  addrGenMode: 0,
  qdisc: 'noqueue',
  addresses: '10.66.0.5/24',
  routes: '10.66.0.0/24',
  neighbours: '',
  sysctls: '1 2 0',
} as const;

/** Of Linux 6.18, against what the link was at home before it went. */
export const EXPECTED_RETURNS: Readonly<Record<string, MoveOutcome>> = {
  'nothing in the way': BACK,
  'it was renamed there': BACK,
  'its name at home has been taken': { ...BACK, refused: 'EEXIST', name: 'net0' },
  'its name at home has become an altname': { ...BACK, refused: 'EEXIST', name: 'net0' },
  'its name at home and its name in the target have been taken': { refused: unable('EEXIST', 'up0'), ...STILL_AWAY },
  'its name in the target is an altname of the loopback': BACK,
  'its name in the target is an altname of the loopback, and its name at home has been taken': {
    refused: unable('EEXIST', 'up0'),
    ...STILL_AWAY,
  },
  'its altname has been taken': { refused: sameAltname, ...STILL_AWAY },
  'its index has been taken': { ...BACK, index: 'another' },
  'it had another index there': { ...BACK, index: 'another' },
  'it had another index there, and is to have its own again': BACK,
  'the target is deleted': { refused: null, at: 'nowhere' },
};

/** What Linux 6.1 answers: it gives no reasons where a newer one does. */
export function onOlder(expected: Readonly<Record<string, MoveOutcome>>): Record<string, MoveOutcome> {
  return Object.fromEntries(
    Object.entries(expected).map(([title, outcome]) => [
      title,
      outcome.refused?.includes('netns') ? { ...outcome, refused: outcome.refused.replace(/:.*/, '') } : outcome,
    ]),
  );
}

/** Cases that not every kernel can have. */
const OPTIONAL = ['it is a port of a bond', 'it is a port of a kernel datapath of Open vSwitch', 'a VLAN stands on it'];

/** Without the cases that this kernel could not have. */
export function possible<T>(expected: Readonly<Record<string, T>>, measured: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(expected).filter(([title]) => title in measured || !OPTIONAL.includes(title)),
  );
}
