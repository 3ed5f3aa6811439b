import { describe, expect, it } from 'vitest';
import type { MoveCase } from '../../../../src/verify/explore/moves/move-case.ts';
import { runMoveCase } from '../../../../src/verify/explore/moves/run-move-case.ts';
import { shippedHost } from '../shipped.ts';
import { PLAIN_MOVE } from './plain-move.ts';

/** What exploration has found in the engine, as small as it could be made. */
const FOUND: readonly (readonly [string, Partial<MoveCase>, readonly string[]])[] = [
  [
    'a veth with another MAC inside, whose ifindex is taken at home, was not known again there',
    {
      host: 'digits',
      link: '0',
      course: 'altered',
      incidents: [{ when: { state: 'inUse', nth: 1 }, incident: { kind: 'home.index.take' } }],
    },
    ['inUse', 'restored'],
  ],
  [
    'a veth whose ifindex was taken in the target was not known there after it got another MAC',
    {
      host: 'digits',
      link: '0',
      course: 'altered',
      incidents: [{ when: { state: 'assessing', nth: 1 }, incident: { kind: 'target.index.take' } }],
    },
    ['inUse', 'restored'],
  ],
  [
    'a journal whose write failed after it was on the disk stayed there, and the link counted as moved',
    { faults: [{ operation: 'journal.write moving', nth: 1, kind: 'answer-lost' }] },
    ['refused'],
  ],
  [
    'a target that could not be opened kept every other link from being recovered',
    { course: 'orphan', faults: [{ operation: 'netns.open', nth: 7, kind: 'refused' }] },
    ['inUse', 'refused', 'restored'],
  ],
  [
    'a return that could not be written down and was killed at home was left there by recover',
    {
      course: 'return',
      faults: [
        { operation: 'journal.write returning', nth: 1, kind: 'refused' },
        { operation: 'journal.write returning', nth: 2, kind: 'kill-before' },
      ],
    },
    ['inUse', 'killed', 'restored'],
  ],
  [
    'a link that was renamed between two reads had no sysctls in its snapshot',
    {
      host: 'worst',
      incidents: [{ when: { operation: 'sysctls.read', nth: 1 }, incident: { kind: 'link.rename' } }],
    },
    ['refused'],
  ],
  [
    'a link that is down with a leg of a multipath route could never come home',
    {
      host: 'multipath-default',
      link: 'eth1',
      incidents: [{ when: { operation: 'kernel.read', nth: 1 }, incident: { kind: 'link.set-down' } }],
    },
    ['refused'],
  ],
];

describe('what exploration has found stays mended', () => {
  it.each(FOUND)('%s', async (_, changes, ends) => {
    const planned = { ...PLAIN_MOVE, ...changes };
    const result = await runMoveCase(await shippedHost(planned.host), planned);
    expect(result).toMatchObject({ ends, violations: [], unused: [] });
  });
});
