import { describe, expect, it } from 'vitest';
import type { AnyCase } from '../../../src/verify/explore/any-case.ts';
import { isMoveCase } from '../../../src/verify/explore/any-case.ts';
import type { CaseResult } from '../../../src/verify/explore/case-result.ts';
import type { PlannedFault, PlannedIncident } from '../../../src/verify/explore/disturbance.ts';
import type { ExploreCase } from '../../../src/verify/explore/explore-case.ts';
import type { Incident } from '../../../src/verify/explore/incident.ts';
import type { CaseViolation } from '../../../src/verify/explore/judge.ts';
import type { MoveCase } from '../../../src/verify/explore/moves/move-case.ts';
import { shrinkCase } from '../../../src/verify/explore/shrink.ts';
import { PLAIN_MOVE } from './moves/plain-move.ts';
import { PLAIN } from './shipped.ts';

const fault = (operation: string, nth = 1): PlannedFault => ({ operation, nth, kind: 'refused' });
const incident = (state: string): PlannedIncident<Incident> => ({
  when: { state, nth: 1 },
  incident: { kind: 'abort' },
});

const BIG: ExploreCase = {
  host: 'worst',
  layout: 'bridge-port',
  course: 'restore',
  faults: [fault('a'), fault('culprit', 5), fault('b'), fault('accomplice', 2), fault('c')],
  incidents: [incident('x'), incident('trigger'), incident('y')],
};

/** Breaks the invariants that `breaks` tells. */
const judging = (breaks: (planned: AnyCase) => readonly CaseViolation['invariant'][]) => (planned: AnyCase) => {
  const violations = breaks(planned).map(invariant => ({ invariant, what: 'broken', object: planned.host }));
  return Promise.resolve<CaseResult>({
    violations,
    ends: [],
    operations: [],
    states: [],
    unused: [],
    trace: '',
    virtualMs: 0,
    turns: 0,
  });
};

const has = (planned: AnyCase, operation: string): PlannedFault | undefined =>
  planned.faults.find(one => one.operation === operation);

describe('a failing case is made smaller', () => {
  it('until nothing is left that it does not need, on the plain host, at the first time', async () => {
    const run = judging(planned => (has(planned, 'culprit') && has(planned, 'accomplice') ? ['I5'] : []));
    const { smallest, result } = await shrinkCase(BIG, run);
    expect(smallest).toEqual({ ...PLAIN, faults: [fault('culprit'), fault('accomplice')] });
    expect(result.violations).toMatchObject([{ invariant: 'I5', object: 'plain' }]);
  });

  it('and keeps incident, host, layout, course and time where it needs them', async () => {
    const run = judging(planned => {
      const isHere =
        planned.host === 'worst' &&
        !isMoveCase(planned) &&
        planned.layout === 'bridge-port' &&
        planned.course === 'restore';
      const hasTrigger = planned.incidents.some(({ when }) => 'state' in when && when.state === 'trigger');
      return isHere && hasTrigger && (has(planned, 'culprit')?.nth ?? 0) >= 3 ? ['I1'] : [];
    });
    const { smallest } = await shrinkCase(BIG, run);
    expect(smallest).toEqual({ ...BIG, faults: [fault('culprit', 3)], incidents: [incident('trigger')] });
  });

  it('of a move: by one message, under a plain name, in the shortest course', async () => {
    const big: MoveCase = {
      ...PLAIN_MOVE,
      host: 'rich',
      link: 'eth9',
      name: 'eth9',
      way: 'steps',
      keepAddresses: true,
      course: 'orphan',
      faults: [fault('a'), fault('culprit', 2)],
      incidents: [{ when: { state: 'inUse', nth: 1 }, incident: { kind: 'link.rename' } }],
    };
    const run = judging(planned => (has(planned, 'culprit') ? ['I5'] : []));
    const { smallest } = await shrinkCase(big, run);
    expect(smallest).toEqual({ ...PLAIN_MOVE, faults: [fault('culprit')] });
  });

  it('and never into one that breaks something else only', async () => {
    const run = judging(planned => {
      if (planned.faults.length === 0) return ['I7'];
      return has(planned, 'culprit') ? ['I5', 'I2'] : ['I7'];
    });
    const { smallest, result } = await shrinkCase(BIG, run);
    expect(smallest.faults).toEqual([fault('culprit')]);
    expect(result.violations.map(({ invariant }) => invariant)).toEqual(['I5', 'I2']);
  });

  it('and stays on the hosts that there are', async () => {
    const { smallest } = await shrinkCase(
      BIG,
      judging(() => ['I5']),
      new Set(['worst', 'rich']),
    );
    expect(smallest).toEqual({ ...PLAIN, host: 'worst' });
  });

  it('in a bounded number of tries', async () => {
    const many = { ...BIG, faults: Array.from({ length: 500 }, (_, index) => fault(`f${index}`)) };
    const { tries } = await shrinkCase(
      many,
      judging(() => ['I5']),
    );
    expect(tries).toBeLessThanOrEqual(400);
  });
});
