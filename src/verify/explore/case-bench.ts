import { createHash } from 'node:crypto';
import type { InspectionEvent } from 'xstate';
import type { RunEvent } from '../../engine/run.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { describeFailure } from '../../errors.ts';
import type { World } from '../../host/simulated/world.ts';
import type { CaseResult } from './case-result.ts';
import type { Coverage } from './coverage.ts';
import type { Disturbed, MadeOperation, PlannedIncident, VisitedState } from './disturbance.ts';
import type { Drivable, Driven, Started } from './drive.ts';
import { createIds, driveRun, startProcess } from './drive.ts';
import type { CaseViolation } from './judge.ts';

/** How a case is to be run. */
export interface RunCaseOptions {
  readonly coverage?: Coverage;
  /** Called with each line of the trace. */
  readonly onTrace?: (line: string) => void;
  readonly hashTrace?: boolean;
  /** Sees what every chart does, at its virtual time, where nothing is watched for coverage. */
  readonly inspect?: ((event: InspectionEvent, nowMs: number) => void) | undefined;
  /** Called whenever all that follows from one step of the clock has happened. */
  readonly onWorld?: ((world: World) => void) | undefined;
}

/** What a bench is made for. */
export interface BenchOptions<I> extends RunCaseOptions {
  readonly world: World;
  readonly folder: SimulatedFolder;
  readonly planned: Disturbed<I>;
  /** Lets an incident happen now. */
  readonly happen: (planned: PlannedIncident<I>) => void;
  readonly onState?: (state: string) => void;
}

/** Where the processes of one case run: it strikes them with what the case plans, and takes notes. */
export interface CaseBench {
  readonly violations: CaseViolation[];
  readonly ends: string[];
  readonly operations: readonly MadeOperation[];
  readonly states: readonly VisitedState[];
  /** Writes a line of the trace. */
  note(line: string): void;
  report(found: readonly CaseViolation[]): void;
  /** The next process; the one before must be dead. */
  start(): Started;
  /** The last that was started. */
  current(): Started | undefined;
  drive<O>(started: Started, run: Drivable<O>): Promise<Driven<O>>;
  /** From here on nothing is in the way any more. */
  calm(): void;
  isCalm(): boolean;
  /** Faults and incidents that have not come. */
  unused(): readonly string[];
  result(): CaseResult;
}

/** Nothing runs yet. */
export function createCaseBench<I extends { readonly kind: string }>(options: BenchOptions<I>): CaseBench {
  const { world, folder, planned, coverage, inspect } = options;
  const lines: string[] = [];
  const operations: MadeOperation[] = [];
  const counts = new Map<string, number>();
  const states: VisitedState[] = [];
  const visits = new Map<string, number>();
  const violations: CaseViolation[] = [];
  const ends: string[] = [];
  const faults = new Map(planned.faults.map(fault => [`${fault.operation} ${fault.nth}`, fault.kind]));
  const came = new Set<string>();
  const pending = new Set<PlannedIncident<I>>(planned.incidents);
  const newId = createIds();
  let turns = 0;
  let isCalm = false;
  let current: Started | undefined;

  const note = (line: string): void => {
    if (options.hashTrace === true) lines.push(line);
    options.onTrace?.(line);
  };

  const happen = (one: PlannedIncident<I>): void => {
    if (isCalm) return;
    note(`incident ${JSON.stringify(one.incident)}`);
    options.happen(one);
  };

  const strike = (matches: (when: PlannedIncident<I>['when']) => boolean): void => {
    for (const one of [...pending]) {
      if (!matches(one.when)) continue;
      pending.delete(one);
      const { afterMs } = one.when;
      if (afterMs === undefined) happen(one);
      else world.clock.setTimeout(() => happen(one), afterMs);
    }
  };

  const onEvent = (event: RunEvent): void => {
    if (event.type !== 'state') {
      if (event.type === 'failure') note(`failure ${event.failure.code} ${event.failure.what}`);
      if (event.type === 'effect')
        note(`  ${event.text}${event.failure === null ? '' : `: ${describeFailure(event.failure)}`}`);
      return;
    }
    const nth = (visits.get(event.state) ?? 0) + 1;
    visits.set(event.state, nth);
    states.push({ state: event.state, nth });
    note(`${world.clock.now().toFixed(3)} -> ${event.state}`);
    options.onState?.(event.state);
    strike(when => 'state' in when && when.state === event.state && when.nth === nth);
  };

  const unused = (): readonly string[] => [
    ...[...faults].filter(([point]) => !came.has(point)).map(([point, kind]) => `${point}: ${kind}`),
    ...[...pending].map(({ when, incident }) => {
      const point = 'state' in when ? when.state : when.operation;
      return `${point} ${when.nth}: ${incident.kind}`;
    }),
  ];

  return {
    violations,
    ends,
    operations,
    states,
    note,
    report(found) {
      for (const violation of found) note(`violation ${JSON.stringify(violation)}`);
      violations.push(...found);
    },
    start() {
      current = startProcess({
        world,
        folder,
        newId,
        oracle: ({ name, class: kind }) => {
          const nth = (counts.get(name) ?? 0) + 1;
          counts.set(name, nth);
          operations.push({ operation: name, nth, class: kind });
          if (isCalm) return undefined;
          strike(when => 'operation' in when && when.operation === name && when.nth === nth);
          const point = `${name} ${nth}`;
          if (faults.has(point)) came.add(point);
          return faults.get(point);
        },
        inspect: coverage?.inspect ?? (inspect && (event => inspect(event, world.clock.now()))),
        onOperation: ({ name }, fault) =>
          note(`${world.clock.now().toFixed(3)} ${name}${fault === undefined ? '' : ` !${fault}`}`),
      });
      return current;
    },
    current: () => current,
    drive(started, run) {
      const onTurn = (): boolean => {
        turns += 1;
        options.onWorld?.(world);
        return true;
      };
      return driveRun({ started, run, clock: world.clock, onEvent, onTurn });
    },
    calm() {
      isCalm = true;
      note('calm');
    },
    isCalm: () => isCalm,
    unused,
    result: () => ({
      violations,
      ends,
      operations,
      states,
      unused: unused(),
      trace: options.hashTrace === true ? createHash('sha256').update(lines.join('\n')).digest('hex') : '',
      virtualMs: world.clock.now(),
      turns,
    }),
  };
}

/** Tells a case with nothing in the way that does not end as it should. */
export function checkUndisturbed(
  bench: CaseBench,
  planned: Disturbed<unknown>,
  object: string,
  ends: readonly string[],
): void {
  if (planned.faults.length + planned.incidents.length > 0) return;
  const expected = ends.join(' > ');
  const got = bench.ends.join(' > ');
  if (got === expected) return;
  bench.report([{ invariant: 'liveness', what: 'nothing is in the way', object, expected, got }]);
}
