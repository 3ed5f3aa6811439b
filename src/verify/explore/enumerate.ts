import type { Layout } from '../../domain/layout.ts';
import { LAYOUTS } from '../../domain/layout.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { OperationClass, OperationFault } from '../../host/simulated/simulated-process.ts';
import type { Course, ExploreCase, PlannedFault, PlannedIncident } from './explore-case.ts';
import { COURSES } from './explore-case.ts';
import { INCIDENTS } from './incident.ts';
import type { Random } from './random.ts';
import type { CaseResult } from './run-case.ts';

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

/** One course on one host in one layout, without any fault: what there is to disturb. */
export interface Ground {
  readonly host: string;
  readonly layout: Layout;
  readonly course: Course;
  readonly operations: CaseResult['operations'];
  readonly states: CaseResult['states'];
}

/** The undisturbed cases of a host: every layout that its pre-check lets through. */
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
export function singleCase(ground: Ground, index: number): ExploreCase {
  const { host, layout, course } = ground;
  const faults = faultsOf(ground);
  const fault = faults[index];
  if (fault !== undefined) return { host, layout, course, faults: [fault], incidents: [] };
  const incident = incidentsOf(ground)[index - faults.length];
  return { host, layout, course, faults: [], incidents: incident === undefined ? [] : [incident] };
}

/** Two or three faults and incidents at once, at random points. */
export function combinedCase(ground: Ground, random: Random): ExploreCase {
  const { host, layout, course, operations } = ground;
  const faults: PlannedFault[] = [];
  const incidents: PlannedIncident[] = [];
  const singles = faultsOf(ground);
  for (let left = 2 + random.below(2); left > 0; left -= 1) {
    if (random.below(2) === 0) {
      const fault = random.pick(singles);
      // The way back makes operations that this course has not: they come after those of the same name that it has.
      if (fault !== undefined) faults.push({ ...fault, nth: fault.nth + random.below(2) * random.below(3) });
    } else {
      const incident = random.pick(INCIDENTS);
      const point = random.pick(operations);
      if (incident === undefined || point === undefined) continue;
      incidents.push({ when: { operation: point.operation, nth: point.nth }, incident });
    }
  }
  return { host, layout, course, faults, incidents };
}

const memo = new WeakMap<Ground, { faults?: readonly PlannedFault[]; incidents?: readonly PlannedIncident[] }>();

function remembered(ground: Ground): { faults?: readonly PlannedFault[]; incidents?: readonly PlannedIncident[] } {
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

function incidentsOf(ground: Ground): readonly PlannedIncident[] {
  const known = remembered(ground);
  const points = [
    ...ground.states.map(({ state, nth }) => ({ state, nth })),
    // Where a state begins with something else.
    ...ground.operations.filter(made => INSIDE.includes(made.class)).map(({ operation, nth }) => ({ operation, nth })),
  ];
  known.incidents ??= points.flatMap(when => INCIDENTS.map(incident => ({ when, incident })));
  return known.incidents;
}
