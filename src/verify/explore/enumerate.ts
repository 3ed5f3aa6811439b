import { LAYOUTS } from '../../domain/layout.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { OperationClass, OperationFault } from '../../host/simulated/simulated-process.ts';
import type { AnyCase } from './any-case.ts';
import { isMoveCase } from './any-case.ts';
import type { MadeOperation, PlannedFault, PlannedIncident, VisitedState } from './disturbance.ts';
import type { ExploreCase } from './explore-case.ts';
import { COURSES } from './explore-case.ts';
import type { Incident } from './incident.ts';
import { INCIDENTS } from './incident.ts';
import type { MoveIncident } from './moves/move-incident.ts';
import { MOVE_INCIDENTS } from './moves/move-incident.ts';
import type { Random } from './random.ts';

/** Faults that make a difference to an operation of each class. */
const FAULTS: Record<OperationClass, readonly OperationFault[]> = {
  netlink: ['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after'],
  ovsdb: ['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after'],
  journal: ['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after'],
  lock: ['refused', 'hang', 'kill-after'],
  guard: ['refused', 'hang', 'slow', 'kill-before', 'kill-after'],
  read: ['refused', 'hang', 'slow', 'kill-before'],
  unixctl: ['refused', 'hang', 'slow', 'kill-before'],
  probe: ['refused', 'hang', 'slow', 'kill-before'],
  owner: ['refused', 'answer-lost', 'slow', 'kill-before', 'kill-after'],
};

/** Operations right before which others act, too. */
const INSIDE: readonly OperationClass[] = ['ovsdb', 'journal', 'lock', 'guard'];
/** Each change of a move crosses from one namespace to another: what comes right before it is seldom what comes with the state. */
const INSIDE_MOVE: readonly OperationClass[] = [...INSIDE, 'netlink'];

/** One course without any fault: what there is to disturb. */
export interface Ground {
  readonly undisturbed: AnyCase;
  readonly operations: readonly MadeOperation[];
  readonly states: readonly VisitedState[];
}

/** The undisturbed migrations of a host: every layout that its pre-check lets through. */
export function undisturbedCases(host: HostDescription): readonly ExploreCase[] {
  return LAYOUTS.filter(layout => host.refuses[layout] === undefined).flatMap(layout =>
    COURSES.map(course => ({ host: host.name, layout, course, faults: [], incidents: [] })),
  );
}

/** Number of cases with a single fault or incident. */
export function countSingles(ground: Ground): number {
  return faultsOf(ground).length + incidentsOf(ground).length;
}

/** The single case of this number. */
export function singleCase(ground: Ground, index: number): AnyCase {
  const faults = faultsOf(ground);
  const fault = faults[index];
  if (fault !== undefined) return disturbed(ground, [fault], []);
  const incident = incidentsOf(ground)[index - faults.length];
  return disturbed(ground, [], incident === undefined ? [] : [incident]);
}

/** Two or three faults and incidents at once, at random points. */
export function combinedCase(ground: Ground, random: Random): AnyCase {
  const faults: PlannedFault[] = [];
  const incidents: AnyIncident[] = [];
  const singles = faultsOf(ground);
  for (let left = 2 + random.below(2); left > 0; left -= 1) {
    if (random.below(2) === 0) {
      const fault = random.pick(singles);
      // The way back makes operations that this course has not: they come after those of the same name that it has.
      if (fault !== undefined) faults.push({ ...fault, nth: fault.nth + random.below(2) * random.below(3) });
    } else {
      const incident = random.pick(catalogueOf(ground));
      const point = random.pick(ground.operations);
      if (incident === undefined || point === undefined) continue;
      incidents.push({ when: { operation: point.operation, nth: point.nth }, incident });
    }
  }
  return disturbed(ground, faults, incidents);
}

type AnyIncident = PlannedIncident<Incident | MoveIncident>;

/** Faults and incidents of a ground are of its own catalogue. */
function disturbed(
  { undisturbed }: Ground,
  faults: readonly PlannedFault[],
  incidents: readonly AnyIncident[],
): AnyCase {
  return { ...undisturbed, faults, incidents } as AnyCase;
}

function catalogueOf({ undisturbed }: Ground): readonly (Incident | MoveIncident)[] {
  return isMoveCase(undisturbed) ? MOVE_INCIDENTS : INCIDENTS;
}

const memo = new WeakMap<Ground, { faults?: readonly PlannedFault[]; incidents?: readonly AnyIncident[] }>();

function remembered(ground: Ground): { faults?: readonly PlannedFault[]; incidents?: readonly AnyIncident[] } {
  let known = memo.get(ground);
  if (known === undefined) {
    known = {};
    memo.set(ground, known);
  }
  return known;
}

function faultsOf(ground: Ground): readonly PlannedFault[] {
  const known = remembered(ground);
  known.faults ??= ground.operations.flatMap(({ operation, nth, class: kind }) =>
    FAULTS[kind].map(fault => ({ operation, nth, kind: fault })),
  );
  return known.faults;
}

function incidentsOf(ground: Ground): readonly AnyIncident[] {
  const known = remembered(ground);
  const inside = isMoveCase(ground.undisturbed) ? INSIDE_MOVE : INSIDE;
  const points = [
    ...ground.states.map(({ state, nth }) => ({ state, nth })),
    // Where a state begins with something else.
    ...ground.operations.filter(made => inside.includes(made.class)).map(({ operation, nth }) => ({ operation, nth })),
  ];
  known.incidents ??= points.flatMap(when => catalogueOf(ground).map(incident => ({ when, incident })));
  return known.incidents;
}
