import type { MoveCase } from './move-case.ts';
import { PLAIN_NAME } from './move-case.ts';

const PLAIN: MoveCase = {
  host: 'plain',
  link: 'eth0',
  name: PLAIN_NAME,
  keepAddresses: false,
  way: 'message',
  course: 'return',
  faults: [],
  incidents: [],
};

/** Moves whose corners chance finds seldom; run first, each time. */
export const DIRECTED_MOVES: readonly MoveCase[] = [
  // The journal may be there although its write failed, and then it cannot be removed.
  {
    ...PLAIN,
    faults: [
      { operation: 'journal.write moving', nth: 1, kind: 'answer-lost' },
      { operation: 'journal.remove', nth: 1, kind: 'refused' },
    ],
  },
  // Stopped in states that are over at once.
  ...(['assessing', 'preparing.locking', 'leaving.configuring', 'takingOver'] as const).map(
    (state): MoveCase => ({ ...PLAIN, incidents: [{ when: { state, nth: 1 }, incident: { kind: 'abort' } }] }),
  ),
  // Nobody answers at the end of the way back.
  { ...PLAIN, faults: [{ operation: 'sysctls.read', nth: 7, kind: 'hang' }] },
  { ...PLAIN, faults: [{ operation: 'journal.remove', nth: 1, kind: 'hang' }] },
];
