import type { Layout } from '../../domain/layout.ts';
import { namesOf } from '../../domain/layout.ts';
import type { MigrateOptions } from '../../engine/engine.ts';
import type { Run, RunOutcome, RunResult } from '../../engine/run.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import { createSimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { createWorld } from '../../host/simulated/world.ts';
import { applyIncident, createDisturbances, type Disturbances } from './apply-incident.ts';
import type { RunCaseOptions } from './case-bench.ts';
import { checkUndisturbed, createCaseBench } from './case-bench.ts';
import type { CaseResult } from './case-result.ts';
import type { PlannedIncident } from './disturbance.ts';
import type { Driven, Started } from './drive.ts';
import { awaitDriven, DEADLINES, SETTLE_MS, settle } from './drive.ts';
import { comesTooLate, objectsOf } from './excuses.ts';
import type { Course, ExploreCase } from './explore-case.ts';
import type { Incident } from './incident.ts';
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

/** Runs one migration from a fresh world to its end, with whatever it takes to get there, and judges every end on the way. */
export async function runCase(
  host: HostDescription,
  planned: ExploreCase,
  options: RunCaseOptions = {},
): Promise<CaseResult> {
  const names = disputedNames(host, planned.layout);
  const world = createWorld(host);
  const folder: SimulatedFolder = createSimulatedFolder();
  const shadow = createShadow(host, names);
  // Links of the datapaths themselves are ovs-vswitchd's: they come with its first bridge and go when it likes.
  const foreign = ['link ovs-netdev', 'link ovs-system'];
  // A disk that fails for both: the journal may be there, nothing was changed, and the next start finds nothing to do.
  if (planned.faults.some(fault => fault.operation === 'journal.remove')) foreign.push(`journal of ${host.uplink}`);
  let isLate = false;
  let last: RunOutcome | undefined;
  let wasKilled = false;
  let wasCommitted = false;
  const disturbances: Disturbances = createDisturbances(world, folder, names);
  let run: Run | undefined;

  const happen = ({ incident, when }: PlannedIncident<Incident>): void => {
    const operation = 'operation' in when && when.afterMs === undefined ? when.operation : '';
    const strike = { incident, operation, state: bench.states.at(-1)?.state ?? '' };
    isLate ||= comesTooLate(strike) || (wasCommitted && planned.course === 'again');
    foreign.push(...objectsOf(strike, host, names));
    const hasHappened = applyIncident(incident, disturbances, {
      kill: () => bench.current()?.process.kill(),
      abort: () => run?.abort('asked by the case'),
      confirm: () => run?.confirm(),
    });
    if (hasHappened) shadow.happen(incident, world.clock.now());
  };

  const bench = createCaseBench<Incident>({
    ...options,
    world,
    folder,
    planned,
    happen,
    onState: state => {
      if (state === 'confirming' && planned.course === 'confirm') run?.confirm();
    },
  });
  const { ends, states } = bench;

  const drive = (started: Started, followed: Run): Promise<Driven<RunOutcome>> => {
    run = followed;
    return bench.drive(started, followed);
  };

  /** Judges one end; returns true when the case goes on with `recover`. */
  const ended = (outcome: Driven<RunOutcome>): boolean => {
    ends.push(outcome === null ? 'stuck' : outcome === 'killed' ? 'killed' : outcome.result);
    bench.note(`end ${ends.at(-1)}`);
    if (outcome === null) {
      bench.report([{ invariant: 'liveness', what: 'the run never ends', object: states.at(-1)?.state ?? '' }]);
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
      bench.report([{ invariant: 'defect', what: outcome.failure.what, object: outcome.failure.got ?? '' }]);
    }
    judgeNow();
    return outcome.result === 'stranded' || outcome.pendingRows;
  };

  const ovsAnswers = (): boolean => bench.isCalm() || !disturbances.happened.some(({ kind }) => kind === 'ovsdb.stop');

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
      faultsEnded: bench.isCalm(),
    };
    bench.report(judge(end, world, folder, shadow.bases(world.clock.now()), foreign));
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
    bench.calm();
    disturbances.heal();
    shadow.heal(world.clock.now());
    // ovs-vswitchd and what was timed before come to rest.
    await settle(world.clock, SETTLE_MS);
    if (bench.current()?.process.isDead() === false) bench.current()?.process.kill();
    for (let attempt = 0; attempt < 2 && !isAtRest(); attempt += 1) {
      const started = bench.start();
      const runs = await awaitDriven(started.engine.recover({ deadlines: DEADLINES }), world.clock);
      if (runs === undefined || runs.length === 0) break;
      for (const recovering of runs) {
        const outcome = await drive(started, recovering);
        if (!ended(outcome)) continue;
        if (attempt === 1) {
          bench.report([{ invariant: 'liveness', what: 'recover does not end it', object: ends.at(-1) ?? '' }]);
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
    bench.report(judge(end, world, folder, shadow.bases(world.clock.now()), foreign));
  };

  const course = async (): Promise<void> => {
    const first = bench.start();
    let outcome = await drive(first, first.engine.migrate(migrateOptions(host, planned)));
    const goesOn = ended(outcome);
    const isCommitted = outcome !== null && outcome !== 'killed' && outcome.result === 'committed';
    const { course: asked } = planned;
    if (!goesOn && isCommitted && (asked === 'restore' || asked === 'again')) {
      first.process.kill();
      const second = bench.start();
      const { engine } = second;
      const again =
        asked === 'restore' ? engine.restore({ uplink: host.uplink }) : engine.migrate(migrateOptions(host, planned));
      outcome = await drive(second, again);
      ended(outcome);
    }
    await finish();
  };

  await course();
  checkUndisturbed(bench, planned, planned.course, UNDISTURBED_ENDS[planned.course]);
  return bench.result();
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
