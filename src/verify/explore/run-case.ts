import { createHash } from 'node:crypto';
import type { Layout } from '../../domain/layout.ts';
import { namesOf } from '../../domain/layout.ts';
import type { MigrateOptions } from '../../engine/engine.ts';
import type { Run, RunEvent, RunOutcome, RunResult } from '../../engine/run.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { createSimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { describeFailure } from '../../errors.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { OperationClass } from '../../host/simulated/simulated-process.ts';
import { createWorld } from '../../host/simulated/world.ts';
import { applyIncident, createDisturbances, type Disturbances } from './apply-incident.ts';
import type { Coverage } from './coverage.ts';
import type { Driven, Started } from './drive.ts';
import { awaitDriven, createIds, DEADLINES, driveRun, SETTLE_MS, settle, startProcess } from './drive.ts';
import { comesTooLate, objectsOf } from './excuses.ts';
import type { Course, ExploreCase, OperationPoint, PlannedIncident } from './explore-case.ts';
import type { CaseViolation } from './judge.ts';
import { judge } from './judge.ts';
import { createShadow } from './shadow.ts';

const CONFIRM_WITHIN_MS = 1_500;

/** How each course ends when nobody disturbs it. */
const UNDISTURBED_ENDS: Readonly<Record<Course, readonly string[]>> = {
  migrate: ['committed'],
  confirm: ['committed'],
  expire: ['rolledBack'],
  restore: ['committed', 'rolledBack'],
  again: ['committed', 'committed'],
};

/** One state that a run went through; `nth` counts from 1 over the whole case. */
export interface VisitedState {
  readonly state: string;
  readonly nth: number;
}

/** One operation of the case, as {@link OperationPoint} names it. */
export interface MadeOperation extends OperationPoint {
  readonly class: OperationClass;
}

/** What became of a case. */
export interface CaseResult {
  readonly violations: readonly CaseViolation[];
  /** Results in the order of the processes: "killed", "rolledBack", "committed". */
  readonly ends: readonly string[];
  readonly operations: readonly MadeOperation[];
  readonly states: readonly VisitedState[];
  /** Faults and incidents that never came, because what they were waiting for did not: the case is not what it was when it was written. */
  readonly unused: readonly string[];
  /** SHA-256 over everything that happened, in order; the same for the same case. Empty unless asked for. */
  readonly trace: string;
  readonly virtualMs: number;
  readonly turns: number;
}

export interface RunCaseOptions {
  readonly coverage?: Coverage;
  /** Called with each line of the trace. */
  readonly onTrace?: (line: string) => void;
  readonly hashTrace?: boolean;
}

/** Runs one case from a fresh world to its end, with whatever it takes to get there, and judges every end on the way. */
export async function runCase(
  host: HostDescription,
  planned: ExploreCase,
  options: RunCaseOptions = {},
): Promise<CaseResult> {
  const lines: string[] = [];
  const note = (line: string): void => {
    if (options.hashTrace === true) lines.push(line);
    options.onTrace?.(line);
  };
  const bench = createBench(host, planned, options.coverage, note);
  await bench.course();
  const expected = UNDISTURBED_ENDS[planned.course].join(' > ');
  const isDisturbed = planned.faults.length + planned.incidents.length > 0;
  if (!isDisturbed && bench.ends.join(' > ') !== expected) {
    const got = bench.ends.join(' > ');
    bench.violations.push({
      invariant: 'liveness',
      what: 'nothing is in the way',
      object: planned.course,
      expected,
      got,
    });
  }
  return {
    violations: bench.violations,
    ends: bench.ends,
    operations: bench.operations,
    states: bench.states,
    unused: bench.unused(),
    trace: options.hashTrace === true ? createHash('sha256').update(lines.join('\n')).digest('hex') : '',
    virtualMs: bench.world.clock.now(),
    turns: bench.turns(),
  };
}

type Note = (line: string) => void;

function createBench(host: HostDescription, planned: ExploreCase, coverage: Coverage | undefined, note: Note) {
  const names = disputedNames(host, planned.layout);
  const world = createWorld(host);
  const folder: SimulatedFolder = createSimulatedFolder();
  const operations: MadeOperation[] = [];
  const counts = new Map<string, number>();
  const states: VisitedState[] = [];
  const visits = new Map<string, number>();
  const violations: CaseViolation[] = [];
  const shadow = createShadow(host, names);
  // Links of the datapaths themselves are ovs-vswitchd's: they come with its first bridge and go when it likes.
  const foreign = ['link ovs-netdev', 'link ovs-system'];
  // A disk that fails for both: the journal may be there, nothing was changed, and the next start finds nothing to do.
  if (planned.faults.some(fault => fault.operation === 'journal.remove')) foreign.push(`journal of ${host.uplink}`);
  let isLate = false;
  let last: RunOutcome | undefined;
  let wasKilled = false;
  let wasCommitted = false;
  const ends: string[] = [];
  const faults = new Map(planned.faults.map(fault => [`${fault.operation} ${fault.nth}`, fault.kind]));
  const came = new Set<string>();
  const pending = new Set<PlannedIncident>(planned.incidents);
  const disturbances: Disturbances = createDisturbances(world, folder, names);
  const newId = createIds();
  let turns = 0;
  let isCalm = false;
  let current: Started | undefined;
  let run: Run | undefined;

  const happen = ({ incident, when }: PlannedIncident): void => {
    if (isCalm) return;
    note(`incident ${JSON.stringify(incident)}`);
    const operation = 'operation' in when && when.afterMs === undefined ? when.operation : '';
    const strike = { incident, operation, state: states.at(-1)?.state ?? '' };
    isLate ||= comesTooLate(strike) || (wasCommitted && planned.course === 'again');
    foreign.push(...objectsOf(strike, host, names));
    const hasHappened = applyIncident(incident, disturbances, {
      kill: () => current?.process.kill(),
      abort: () => run?.abort('asked by the case'),
      confirm: () => run?.confirm(),
    });
    if (hasHappened) shadow.happen(incident, world.clock.now());
  };

  const strike = (matches: (when: PlannedIncident['when']) => boolean): void => {
    for (const planned of [...pending]) {
      if (!matches(planned.when)) continue;
      pending.delete(planned);
      const { afterMs } = planned.when;
      if (afterMs === undefined) happen(planned);
      else world.clock.setTimeout(() => happen(planned), afterMs);
    }
  };

  const start = (): Started => {
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
      inspect: coverage?.inspect,
      onOperation: ({ name }, fault) =>
        note(`${world.clock.now().toFixed(3)} ${name}${fault === undefined ? '' : ` !${fault}`}`),
    });
    return current;
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
    if (event.state === 'confirming' && planned.course === 'confirm') run?.confirm();
    strike(when => 'state' in when && when.state === event.state && when.nth === nth);
  };

  const onTurn = (): boolean => {
    turns += 1;
    return true;
  };

  const drive = (started: Started, followed: Run): Promise<Driven> => {
    run = followed;
    return driveRun({ started, run: followed, clock: world.clock, onEvent, onTurn });
  };

  /** Judges one end; returns true when the case goes on with `recover`. */
  const ended = (outcome: Driven): boolean => {
    ends.push(outcome === null ? 'stuck' : outcome === 'killed' ? 'killed' : outcome.result);
    note(`end ${ends.at(-1)}`);
    if (outcome === null) {
      violations.push({ invariant: 'liveness', what: 'the run never ends', object: states.at(-1)?.state ?? '' });
      return false;
    }
    if (outcome === 'killed') {
      wasKilled = true;
      return true;
    }
    last = outcome;
    if (outcome.result === 'committed') wasCommitted = true;
    if (outcome.result === 'rolledBack') wasCommitted = false;
    if (outcome.failure?.code === 'DEFECT') {
      violations.push({ invariant: 'defect', what: outcome.failure.what, object: outcome.failure.got ?? '' });
    }
    judgeNow();
    return outcome.result === 'stranded' || outcome.pendingRows;
  };

  const ovsAnswers = (): boolean => isCalm || !disturbances.happened.some(({ kind }) => kind === 'ovsdb.stop');

  const judgeNow = (): void => {
    // What others do after the last look is not the run's: the drift watch sees it.
    if (last === undefined || (isLate && (last.result === 'committed' || last.result === 'refused'))) return;
    // A way back that was refused leaves what was committed before.
    const result = last.result === 'refused' && wasCommitted ? 'committed' : last.result;
    const end = {
      uplink: host.uplink,
      result,
      outcome: last,
      wasKilled,
      ovsAnswers: ovsAnswers(),
      faultsEnded: isCalm,
    };
    report(judge(end, world, folder, shadow.bases(world.clock.now()), foreign));
  };

  const report = (found: readonly CaseViolation[]): void => {
    for (const violation of found) note(`violation ${JSON.stringify(violation)}`);
    violations.push(...found);
  };

  /** Nothing is left to do for `recover`. */
  const isAtRest = (): boolean => {
    const stage = folder.journals.get(host.uplink)?.stage;
    return stage === undefined || stage === 'committed';
  };

  /** Nobody but us has touched the world, and it has judged its end already. */
  const isUntouched = (): boolean =>
    last !== undefined &&
    ends.at(-1) === last.result &&
    disturbances.happened.length === 0 &&
    planned.faults.every(fault => !fault.operation.startsWith('ovs.'));

  const finish = async (): Promise<void> => {
    if (isAtRest() && isUntouched()) return;
    // Faults stop; from here on every run must end well (liveness).
    isCalm = true;
    disturbances.heal();
    shadow.heal(world.clock.now());
    note('calm');
    // ovs-vswitchd and what was timed before come to rest.
    await settle(world.clock, SETTLE_MS);
    if (current?.process.isDead() === false) current.process.kill();
    for (let attempt = 0; attempt < 2 && !isAtRest(); attempt += 1) {
      const started = start();
      const runs = await awaitDriven(started.engine.recover({ deadlines: DEADLINES }), world.clock);
      if (runs === undefined || runs.length === 0) break;
      for (const recovering of runs) {
        const outcome = await drive(started, recovering);
        if (!ended(outcome)) continue;
        if (attempt === 1) {
          violations.push({ invariant: 'liveness', what: 'recover does not end it', object: ends.at(-1) ?? '' });
        }
      }
      started.process.kill();
      await settle(world.clock, SETTLE_MS);
    }
    if (ends.at(-1) === 'killed') judgeKilled();
    else judgeNow();
  };

  /** Nothing was left to recover: it died before its first change, or after its last. */
  const judgeKilled = (): void => {
    const journal = folder.journals.get(host.uplink);
    const result: RunResult = journal === undefined ? 'rolledBack' : 'committed';
    if (isLate && result === 'committed') return;
    const end = { uplink: host.uplink, result, outcome: undefined, wasKilled, ovsAnswers: true, faultsEnded: true };
    report(judge(end, world, folder, shadow.bases(world.clock.now()), foreign));
  };

  const course = async (): Promise<void> => {
    const first = start();
    let outcome = await drive(first, first.engine.migrate(migrateOptions(host, planned)));
    const goesOn = ended(outcome);
    const isCommitted = outcome !== null && outcome !== 'killed' && outcome.result === 'committed';
    const { course: asked } = planned;
    if (!goesOn && isCommitted && (asked === 'restore' || asked === 'again')) {
      first.process.kill();
      const second = start();
      const { engine } = second;
      const again =
        asked === 'restore' ? engine.restore({ uplink: host.uplink }) : engine.migrate(migrateOptions(host, planned));
      outcome = await drive(second, again);
      ended(outcome);
    }
    await finish();
  };

  const unused = (): readonly string[] => [
    ...[...faults].filter(([point]) => !came.has(point)).map(([point, kind]) => `${point}: ${kind}`),
    ...[...pending].map(({ when, incident }) => {
      const point = 'state' in when ? when.state : when.operation;
      return `${point} ${when.nth}: ${incident.kind}`;
    }),
  ];

  return { unused, world, violations, ends, operations, states, turns: () => turns, course };
}

/** The names that others may want, too. */
function disputedNames({ uplink, request }: HostDescription, layout: Layout): { bridge: string; hostPort: string } {
  const { bridge, hostPort } = namesOf(layout, uplink, request.bridge);
  return { bridge, hostPort: hostPort ?? bridge };
}

function migrateOptions(host: HostDescription, { layout, course }: ExploreCase): MigrateOptions {
  const { bridge, datapath, useExistingBridge, clearFlowRestoreWait, accept, bond } = host.request;
  return {
    uplink: host.uplink,
    bridge,
    layout,
    ...(datapath === null ? {} : { datapath }),
    useExistingBridge,
    clearFlowRestoreWait,
    accept,
    ...(bond === undefined ? {} : { bond }),
    deadlines: DEADLINES,
    ...(course === 'confirm' || course === 'expire' ? { confirmWithinMs: CONFIRM_WITHIN_MS } : {}),
  };
}
