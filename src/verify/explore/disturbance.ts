import type { OperationClass, OperationFault } from '../../host/simulated/simulated-process.ts';

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
export interface PlannedIncident<I> {
  readonly when: ({ readonly state: string; readonly nth: number } | OperationPoint) & {
    /** So much later, in virtual time. */
    readonly afterMs?: number | undefined;
  };
  readonly incident: I;
}

/** What every case of exploration has, whatever is run in it. */
export interface Disturbed<I> {
  /** Name of a description in fixtures/hosts. */
  readonly host: string;
  readonly faults: readonly PlannedFault[];
  readonly incidents: readonly PlannedIncident<I>[];
}

/** One operation of a case, as {@link OperationPoint} names it. */
export interface MadeOperation extends OperationPoint {
  readonly class: OperationClass;
}

/** One state that a run went through; `nth` counts from 1 over the whole case. */
export interface VisitedState {
  readonly state: string;
  readonly nth: number;
}

/** `17:hang preparing.locking:ovsdb.stop`. */
export function describeDisturbances({ faults, incidents }: Disturbed<{ readonly kind: string }>): readonly string[] {
  return [
    ...faults.map(({ operation, nth, kind }) => `${operation}#${nth}:${kind}`),
    ...incidents.map(
      ({ when, incident }) => `${'state' in when ? when.state : when.operation}#${when.nth}:${incident.kind}`,
    ),
  ];
}
