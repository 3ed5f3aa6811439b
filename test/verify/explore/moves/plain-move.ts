import type { MoveCase } from '../../../../src/verify/explore/moves/move-case.ts';

/** Nothing in the way of the plain host's NIC. */
export const PLAIN_MOVE: MoveCase = {
  host: 'plain',
  link: 'eth0',
  name: 'net0',
  keepAddresses: false,
  way: 'message',
  course: 'move',
  faults: [],
  incidents: [],
};
