import type { Layout } from '../../domain/layout.ts';
import type { OperationFault } from '../../host/simulated/simulated-process.ts';
import type { Incident } from './incident.ts';

/**
 * What is run: `restore` is a migration that goes well and then its way back; `confirm` and `expire` have a window that is used or not; `again` asks for
 * the same migration once more.
 */
export const COURSES = ['migrate', 'confirm', 'expire', 'restore', 'again'] as const;
export type Course = (typeof COURSES)[number];

/** The nth operation of its name in the whole case: `route.replace` 2. It means the same when other faults come or go. */
export interface OperationPoint {
  readonly operation: string;
  readonly nth: number;
}

/** A fault of one operation of ours. */
export interface PlannedFault extends OperationPoint {
  readonly kind: OperationFault;
}

/** Something that others do, when the chart enters a state (the nth time) or right before an operation. */
export interface PlannedIncident {
  readonly when: ({ readonly state: string; readonly nth: number } | OperationPoint) & {
    /** So much later, in virtual time. */
    readonly afterMs?: number | undefined;
  };
  readonly incident: Incident;
}

/** One run of exploration as plain data: with the host descriptions it is all that a replay needs. */
export interface ExploreCase {
  /** Name of a description in fixtures/hosts. */
  readonly host: string;
  readonly layout: Layout;
  readonly course: Course;
  readonly faults: readonly PlannedFault[];
  readonly incidents: readonly PlannedIncident[];
}

/** `rich/host-port/migrate 17:hang preparing.locking:ovsdb.stop`. */
export function describeCase({ host, layout, course, faults, incidents }: ExploreCase): string {
  const parts = [
    `${host}/${layout}/${course}`,
    ...faults.map(({ operation, nth, kind }) => `${operation}#${nth}:${kind}`),
    ...incidents.map(
      ({ when, incident }) => `${'state' in when ? when.state : when.operation}#${when.nth}:${incident.kind}`,
    ),
  ];
  return parts.join(' ');
}
