import type { Heard } from './move-events.ts';

/** A link that was up leaves with all that is on it. */
const LEAVES = [
  'link.changed up0 down',
  'address.removed fd66::1',
  'address.removed 10.66.0.1',
  'link.removed up0 down',
] as const;

/** Gone for good, without another name. */
const GONE = { home: LEAVES, udevAtHome: ['remove up0'] } as const;
/** Where it comes, the kernel announces it before it renames it. */
const COMES_RENAMED = ['link.changed up0 down', 'link.changed net0 down'] as const;
const RENAMED = ['add up0', 'move net0'] as const;
const SILENCE: Heard = { home: [], target: [], udevAtHome: [], udevAtTarget: [] };

/** Of Linux 6.18. */
export const EXPECTED_EVENTS: Readonly<Record<string, Heard>> = {
  'one message': { ...GONE, target: COMES_RENAMED, udevAtTarget: RENAMED },
  'one message that also sets it up': {
    ...GONE,
    target: [...COMES_RENAMED, 'link.changed net0 up'],
    udevAtTarget: RENAMED,
  },
  'one message, while the loopback of the target has the old name as altname': {
    ...GONE,
    target: ['link.changed net0 down'],
    udevAtTarget: ['add net0'],
  },
  'one message, refused half way': { ...GONE, target: ['link.changed up0 down'], udevAtTarget: ['add up0'] },
  'one message that is refused': SILENCE,

  // On its way back, the name that it had in the target is seen at home.
  'there and back, one message each': {
    home: [...LEAVES, 'link.changed net0 down', 'link.changed up0 down'],
    udevAtHome: ['remove up0', 'add net0', 'move up0'],
    target: [...COMES_RENAMED, 'link.removed net0 down'],
    udevAtTarget: [...RENAMED, 'remove net0'],
  },
  'there and back, while the loopback where it comes has the name that it comes with as altname': {
    home: [...LEAVES, 'link.changed up0 down'],
    udevAtHome: ['remove up0', 'add up0'],
    target: ['link.changed net0 down', 'link.removed net0 down'],
    udevAtTarget: ['add net0', 'remove net0'],
  },
  'there and back, renamed before it comes back': {
    home: [...LEAVES, 'link.changed up0 down'],
    udevAtHome: ['remove up0', 'add up0'],
    target: [...COMES_RENAMED, 'link.changed up0 down', 'link.removed up0 down'],
    udevAtTarget: [...RENAMED, 'move up0', 'remove up0'],
  },

  'down, move, rename, up': {
    ...GONE,
    target: [...COMES_RENAMED, 'link.changed net0 up'],
    udevAtTarget: RENAMED,
  },
  // The second name is what udev and NetworkManager act on (containernetworking/plugins#1072).
  'down, a temporary name, move, rename, up': {
    home: [
      'link.changed up0 down',
      'address.removed fd66::1',
      'link.changed dev50 down',
      'address.changed 10.66.0.1',
      'address.removed 10.66.0.1',
      'link.removed dev50 down',
    ],
    udevAtHome: ['move dev50', 'remove dev50'],
    target: ['link.changed dev50 down', 'link.changed net0 down', 'link.changed net0 up'],
    udevAtTarget: ['add dev50', 'move net0'],
  },
  'down, a temporary namespace, rename, move, up': {
    ...GONE,
    target: ['link.changed net0 down', 'link.changed net0 up'],
    udevAtTarget: ['add net0'],
  },
};

type Udev = Pick<Heard, 'udevAtHome' | 'udevAtTarget'>;

/**
 * Linux 6.1 tells udevd of the arrival under the name that the link comes with, whatever it is called then, and of a rename even to the
 * same name. So only who has renamed it elsewhere before spares udevd the other name.
 */
const OLDER: Readonly<Record<string, Partial<Udev>>> = {
  'one message': { udevAtTarget: ['add up0', 'move up0', 'move net0'] },
  'one message that also sets it up': { udevAtTarget: ['add up0', 'move up0', 'move net0'] },
  'one message, while the loopback of the target has the old name as altname': {
    udevAtTarget: ['add up0', 'move net0'],
  },
  'one message, refused half way': { udevAtTarget: ['add up0', 'move up0'] },
  'there and back, one message each': {
    udevAtHome: ['remove up0', 'add net0', 'move net0', 'move up0'],
    udevAtTarget: ['add up0', 'move up0', 'move net0', 'remove net0'],
  },
  'there and back, while the loopback where it comes has the name that it comes with as altname': {
    udevAtHome: ['remove up0', 'add net0', 'move up0'],
    udevAtTarget: ['add up0', 'move net0', 'remove net0'],
  },
  'there and back, renamed before it comes back': {
    udevAtHome: ['remove up0', 'add up0', 'move up0'],
    udevAtTarget: ['add up0', 'move up0', 'move net0', 'move up0', 'remove up0'],
  },
  'down, move, rename, up': { udevAtTarget: ['add up0', 'move up0', 'move net0'] },
  'down, a temporary name, move, rename, up': { udevAtTarget: ['add dev50', 'move dev50', 'move net0'] },
  'down, a temporary namespace, rename, move, up': { udevAtTarget: ['add net0', 'move net0'] },
};

export const EXPECTED_EVENTS_OLDER: Readonly<Record<string, Heard>> = Object.fromEntries(
  Object.entries(EXPECTED_EVENTS).map(([title, heard]) => [title, { ...heard, ...OLDER[title] }]),
);
