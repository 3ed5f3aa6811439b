import { describe, expect, it } from 'vitest';
import { loadHost } from '../../../../src/host/simulated/description/load-host.ts';
import { DIRECTED_MOVES } from '../../../../src/verify/explore/moves/directed-moves.ts';
import type { MoveCase, MoveCourse } from '../../../../src/verify/explore/moves/move-case.ts';
import { MOVE_COURSES } from '../../../../src/verify/explore/moves/move-case.ts';
import { runMoveCase } from '../../../../src/verify/explore/moves/run-move-case.ts';
import { undisturbedMoves } from '../../../../src/verify/explore/moves/undisturbed-moves.ts';
import { readShippedHosts } from '../../../../src/verify/explore/shipped-hosts.ts';
import { shippedHost } from '../shipped.ts';
import { PLAIN_MOVE } from './plain-move.ts';

/** Where each course ends with nothing in the way. */
const ENDS: Readonly<Record<MoveCourse, readonly string[]>> = {
  move: ['inUse'],
  return: ['inUse', 'restored'],
  altered: ['inUse', 'restored'],
  again: ['inUse', 'inUse'],
  orphan: ['inUse', 'restored'],
};

const run = async (changes: Partial<MoveCase>) => {
  const planned = { ...PLAIN_MOVE, ...changes };
  return runMoveCase(await shippedHost(planned.host), planned, { hashTrace: true });
};

describe('with nothing in the way', () => {
  it('every link of every shipped host moves and comes home, with every promise kept', async () => {
    const sources = await readShippedHosts();
    const hosts = sources.map(({ file, text }) => loadHost(text, file));
    const moves = undisturbedMoves(hosts);
    expect(new Set(moves.map(({ course, way }) => `${course} ${way}`)).size).toBe(2 * MOVE_COURSES.length);
    for (const planned of moves) {
      const host = hosts.find(({ name }) => name === planned.host)!;
      const { ends, violations } = await runMoveCase(host, planned);
      expect({ planned, ends, violations }).toEqual({ planned, ends: ENDS[planned.course], violations: [] });
    }
  });
});

describe('a case of link-move', () => {
  it('goes the same way each time, and another way with another fault', async () => {
    const hang = { operation: 'link.move', nth: 1, kind: 'hang' } as const;
    const first = await run({ faults: [hang] });
    expect(await run({ faults: [hang] })).toEqual(first);
    expect((await run({ faults: [{ ...hang, kind: 'refused' }] })).trace).not.toBe(first.trace);
    expect((await run({ faults: [hang], way: 'steps' })).trace).not.toBe(first.trace);
  });

  it('ends with the link at home, and without a journal, where the move is refused', async () => {
    const { ends, violations } = await run({ faults: [{ operation: 'link.move', nth: 1, kind: 'refused' }] });
    expect({ ends, violations }).toEqual({ ends: ['restored'], violations: [] });
  });

  it('is put right by the next process after a kill, also by one that is killed itself', async () => {
    const { ends, violations, unused } = await run({
      faults: [
        { operation: 'link.move', nth: 1, kind: 'kill-after' },
        { operation: 'link.move', nth: 2, kind: 'kill-after' },
      ],
    });
    expect({ ends, violations, unused }).toEqual({
      ends: ['killed', 'killed', 'restored'],
      violations: [],
      unused: [],
    });
  });

  it('asks whoever is in use for the way back when the faults stop', async () => {
    const { ends } = await run({
      incidents: [{ when: { state: 'inUse', nth: 1 }, incident: { kind: 'link.rename' } }],
    });
    expect(ends).toEqual(['inUse', 'restored']);
  });

  it('tells what never came', async () => {
    const { unused } = await run({ incidents: [{ when: { state: 'inUse', nth: 9 }, incident: { kind: 'abort' } }] });
    expect(unused).toEqual(['inUse 9: abort']);
  });
});

describe('the cases that are run first', () => {
  it('keep every promise, and all that they plan comes', async () => {
    for (const planned of DIRECTED_MOVES) {
      const { violations, unused } = await runMoveCase(await shippedHost(planned.host), planned);
      expect({ planned, violations, unused }).toEqual({ planned, violations: [], unused: [] });
    }
  });
});
