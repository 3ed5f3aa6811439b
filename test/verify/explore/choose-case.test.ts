import { beforeAll, describe, expect, it } from 'vitest';
import { LAYOUTS } from '../../../src/domain/layout.ts';
import type { AnyCase } from '../../../src/verify/explore/any-case.ts';
import { isMoveCase } from '../../../src/verify/explore/any-case.ts';
import { chooseCase, exhaustiveCase } from '../../../src/verify/explore/choose-case.ts';
import type { Ground } from '../../../src/verify/explore/enumerate.ts';
import { combinedCase, countSingles, singleCase, undisturbedCases } from '../../../src/verify/explore/enumerate.ts';
import { COURSES } from '../../../src/verify/explore/explore-case.ts';
import { INCIDENTS } from '../../../src/verify/explore/incident.ts';
import { MOVE_INCIDENTS } from '../../../src/verify/explore/moves/move-incident.ts';
import { runMoveCase } from '../../../src/verify/explore/moves/run-move-case.ts';
import { createRandom } from '../../../src/verify/explore/random.ts';
import { PLAIN_MOVE } from './moves/plain-move.ts';
import { groundOf, shippedHost } from './shipped.ts';

const keyOf = (chosen: AnyCase): string => JSON.stringify(chosen);
const isSingle = ({ faults, incidents }: AnyCase): boolean => faults.length + incidents.length === 1;

let grounds: readonly Ground[];
let singles: number;
beforeAll(async () => {
  const plain = await shippedHost('plain');
  grounds = [await groundOf(plain), await groundOf(plain, { course: 'restore', layout: 'bridge-port' })];
  singles = grounds.reduce((sum, ground) => sum + countSingles(ground), 0);
});

describe('what there is to explore', () => {
  it('is every course in every layout that the pre-check of the host lets through', async () => {
    const cases = undisturbedCases(await shippedHost('plain'));
    const pairs = LAYOUTS.filter(layout => layout !== 'attach-only').flatMap(layout =>
      COURSES.map(course => [layout, course]),
    );
    expect(cases.map(({ layout, course }) => [layout, course]).sort()).toEqual(pairs.sort());
    expect(cases.filter(({ faults, incidents }) => faults.length + incidents.length > 0)).toEqual([]);
  });

  it('is every incident at every state, and for every operation that it is refused and hangs or kills', () => {
    const [ground] = grounds as [Ground];
    const all = Array.from({ length: countSingles(ground) }, (_, index) => singleCase(ground, index));
    const incidents = all.flatMap(single => (isMoveCase(single) ? [] : single.incidents));
    for (const { state, nth } of ground.states) {
      const here = incidents.filter(({ when }) => 'state' in when && when.state === state && when.nth === nth);
      expect(here.map(({ incident }) => incident)).toEqual(INCIDENTS);
    }
    const faults = all.flatMap(({ faults: some }) => some);
    for (const { operation, nth } of ground.operations) {
      const kinds = faults.filter(fault => fault.operation === operation && fault.nth === nth).map(({ kind }) => kind);
      expect(kinds).toContain('refused');
      expect(kinds.some(kind => kind.startsWith('kill'))).toBe(true);
      expect(new Set(kinds).size).toBe(kinds.length);
    }
  });
});

describe('every single once', () => {
  it('is in the exhaustive order, no other is', () => {
    const cases = Array.from({ length: singles }, (_, index) => exhaustiveCase(grounds, index));
    expect(cases.every(isSingle)).toBe(true);
    expect(new Set(cases.map(keyOf)).size).toBe(singles);
    expect(() => exhaustiveCase(grounds, singles)).toThrow(`no case ${singles}`);
  });

  it('comes before any comes twice, in an order of the seed', () => {
    const [ground] = grounds as [Ground];
    const first = (seed: number, wanted: number): readonly string[] => {
      const keys: string[] = [];
      for (let index = 0; keys.length < wanted; index += 1) {
        const chosen = chooseCase([ground], seed, index);
        if (isSingle(chosen)) keys.push(keyOf(chosen));
      }
      return keys;
    };
    const all = countSingles(ground);
    // A combination of which only one is left counts as a single here: a few more are drawn.
    for (const seed of [0, 1, 2 ** 32 - 1]) expect(new Set(first(seed, all + 200)).size).toBe(all);
    expect(first(1, 50)).toEqual(first(1, 50));
    expect(first(1, 50)).not.toEqual(first(2, 50));
  });
});

describe('combinations', () => {
  it('are the same for the same seed and number, and differ between numbers', () => {
    const [ground] = grounds as [Ground];
    const keys = Array.from({ length: 200 }, (_, index) => keyOf(combinedCase(ground, createRandom(7, index))));
    const again = Array.from({ length: 200 }, (_, index) => keyOf(combinedCase(ground, createRandom(7, index))));
    expect(again).toEqual(keys);
    expect(new Set(keys).size).toBeGreaterThan(190);
  });

  it('take turns with the singles, on every ground', () => {
    const chosen = Array.from({ length: 80 }, (_, index) => chooseCase(grounds, 1, index));
    const several = chosen.filter(({ faults, incidents }) => faults.length + incidents.length > 1);
    expect(several.length).toBeGreaterThanOrEqual(16);
    expect(several.length).toBeLessThanOrEqual(24);
    expect(new Set(several.map(({ course }) => course))).toEqual(new Set(['migrate', 'restore']));
    expect(chosen).toEqual(Array.from({ length: 80 }, (_, index) => chooseCase(grounds, 1, index)));
  });

  it('need a ground', () => {
    expect(() => chooseCase([], 1, 0)).toThrow('no ground to explore');
  });
});

describe('grounds of both charts', () => {
  it('share the cases: every eighth moves a link, and each chart goes through its own in order', async () => {
    const undisturbed = { ...PLAIN_MOVE, course: 'return' } as const;
    const { operations, states } = await runMoveCase(await shippedHost('plain'), undisturbed);
    const moves: readonly Ground[] = [{ undisturbed, operations, states }];
    const both = Array.from({ length: 160 }, (_, index) => chooseCase([...grounds, ...moves], 5, index));
    const ofMoves = both.filter(isMoveCase);
    expect(both.flatMap((chosen, index) => (isMoveCase(chosen) ? [index % 8] : []))).toEqual(Array(20).fill(7));
    expect(ofMoves).toEqual(ofMoves.map((_, index) => chooseCase(moves, 5, index)));
    const others = both.filter(chosen => !isMoveCase(chosen));
    expect(others).toEqual(others.map((_, index) => chooseCase(grounds, 5, index)));
  });

  it('have every incident of a move right before each change, too', async () => {
    const { operations, states } = await runMoveCase(await shippedHost('plain'), PLAIN_MOVE);
    const ground: Ground = { undisturbed: PLAIN_MOVE, operations, states };
    const all = Array.from({ length: countSingles(ground) }, (_, index) => singleCase(ground, index));
    const before = all.filter(isMoveCase).flatMap(({ incidents }) => incidents);
    const atMove = before.filter(({ when }) => 'operation' in when && when.operation === 'link.move' && when.nth === 1);
    expect(atMove.map(({ incident }) => incident)).toEqual(MOVE_INCIDENTS);
  });
});
