import type { MoveCase } from '../../../../src/verify/explore/moves/move-case.ts';
import { PLAIN_MOVE } from './plain-move.ts';

/** A case in which exploration has found a fault of the engine, as small as it could be made. */
export interface FoundCase {
  /** What was wrong. */
  readonly was: string;
  readonly planned: MoveCase;
  /** How it ends now. */
  readonly ends: readonly string[];
}

const DIGITS: MoveCase = { ...PLAIN_MOVE, host: 'digits', link: '0', course: 'altered' };

export const FOUND = {
  lostAtHome: {
    was: 'a veth with another MAC inside, whose ifindex is taken at home, was not known again there',
    planned: { ...DIGITS, incidents: [{ when: { state: 'inUse', nth: 1 }, incident: { kind: 'home.index.take' } }] },
    ends: ['inUse', 'restored'],
  },
  lostInTheTarget: {
    was: 'a veth whose ifindex was taken in the target was not known there after it got another MAC',
    planned: {
      ...DIGITS,
      incidents: [{ when: { state: 'assessing', nth: 1 }, incident: { kind: 'target.index.take' } }],
    },
    ends: ['inUse', 'restored'],
  },
  lostOnTheWayThere: {
    was: 'a veth whose ifindex was taken in the target and that got another MAC before it was in use counted as gone',
    planned: {
      ...DIGITS,
      course: 'move',
      incidents: [
        { when: { state: 'assessing', nth: 1 }, incident: { kind: 'target.index.take' } },
        { when: { state: 'leaving.comparing', nth: 1 }, incident: { kind: 'link.mac' } },
      ],
    },
    ends: ['restored'],
  },
  journalLeftBehind: {
    was: 'a journal whose write failed after it was on the disk stayed there, and the link counted as moved',
    planned: { ...PLAIN_MOVE, faults: [{ operation: 'journal.write moving', nth: 1, kind: 'answer-lost' }] },
    ends: ['refused'],
  },
  oneForAll: {
    was: 'a target that could not be opened kept every other link from being recovered',
    planned: { ...PLAIN_MOVE, course: 'orphan', faults: [{ operation: 'netns.open', nth: 7, kind: 'refused' }] },
    ends: ['inUse', 'refused', 'restored'],
  },
  leftAtHome: {
    was: 'a return that could not be written down and was killed at home was left there by recover',
    planned: {
      ...PLAIN_MOVE,
      course: 'return',
      faults: [
        { operation: 'journal.write returning', nth: 1, kind: 'refused' },
        { operation: 'journal.write returning', nth: 2, kind: 'kill-before' },
      ],
    },
    ends: ['inUse', 'killed', 'restored'],
  },
  withoutSysctls: {
    was: 'a link that was renamed between two reads had no sysctls in its snapshot',
    planned: {
      ...PLAIN_MOVE,
      host: 'worst',
      incidents: [{ when: { operation: 'sysctls.read', nth: 1 }, incident: { kind: 'link.rename' } }],
    },
    ends: ['refused'],
  },
  deadLeg: {
    was: 'a link that is down with a leg of a multipath route could never come home',
    planned: {
      ...PLAIN_MOVE,
      host: 'multipath-default',
      link: 'eth1',
      incidents: [{ when: { operation: 'kernel.read', nth: 1 }, incident: { kind: 'link.set-down' } }],
    },
    ends: ['refused'],
  },
} as const satisfies Readonly<Record<string, FoundCase>>;
