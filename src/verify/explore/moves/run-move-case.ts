import type { MoveOutcome, MoveRun } from '../../../engine/move/run.ts';
import { createSimulatedFolder } from '../../../engine/simulated-surroundings.ts';
import type { HostDescription } from '../../../host/simulated/description/host-description.ts';
import { removeNamespace } from '../../../host/simulated/simulated-netns.ts';
import { addNamespace, createWorld } from '../../../host/simulated/world.ts';
import type { RunCaseOptions } from '../case-bench.ts';
import { checkUndisturbed, createCaseBench } from '../case-bench.ts';
import type { CaseResult } from '../case-result.ts';
import type { Driven, Started } from '../drive.ts';
import { awaitDriven, SETTLE_MS, settle } from '../drive.ts';
import { createRemedies } from '../remedies.ts';
import { applyMoveIncident } from './apply-move-incident.ts';
import type { MoveEnd } from './judge-move.ts';
import { isOrphan, judgeHome, judgeInUse, judgeStranded } from './judge-move.ts';
import type { MoveCase, MoveCourse } from './move-case.ts';
import { TARGET } from './move-case.ts';
import type { MoveIncident } from './move-incident.ts';
import { createMoveShadow } from './move-shadow.ts';
import { createSubject } from './subject.ts';
import { watchHome } from './watch-home.ts';

/** Short, as those of {@link DEADLINES}. */
const MOVE_DEADLINES = { stepMs: 2_000, retryMs: 500 };

/** How each course ends when nobody disturbs it. */
const UNDISTURBED_ENDS: Readonly<Record<MoveCourse, readonly string[]>> = {
  move: ['inUse'],
  return: ['inUse', 'restored'],
  altered: ['inUse', 'restored'],
  again: ['inUse', 'inUse'],
  orphan: ['inUse', 'restored'],
};

/** What somebody inside does with the link in course `altered`. */
const ALTERATIONS: readonly MoveIncident[] = [
  { kind: 'link.rename' },
  { kind: 'link.mtu', mtu: 1300 },
  { kind: 'link.mac' },
  { kind: 'link.set-down' },
];

/** States in which the run looks at the link no more before it is in use. */
const AFTER_LAST_LOOK = ['leaving.comparing', 'leaving.committing', 'inUse'];

/** Runs one move from a fresh world to its end, with whatever it takes to get there, and judges every end on the way. */
export async function runMoveCase(
  host: HostDescription,
  planned: MoveCase,
  options: RunCaseOptions = {},
): Promise<CaseResult> {
  const world = createWorld(host);
  world.movesInOneMessage = planned.way === 'message';
  addNamespace(world, TARGET);
  const folder = createSimulatedFolder();
  const remedies = createRemedies(world.clock);
  const subject = createSubject(world, planned.link);
  const surroundings = { world, folder, subject, newName: planned.name, remedies };
  const shadow = createMoveShadow(host, planned);
  const happened: MoveIncident[] = [];
  const late: MoveIncident[] = [];
  /** What the last end but refusals was: a run that is refused leaves that. */
  let standing: 'home' | 'inUse' | 'open' = 'home';
  let triedBefore = 0;
  let run: MoveRun | undefined;

  const handles = {
    kill: () => bench.current()?.process.kill(),
    abort: () => run?.abort('asked by the case'),
  };

  const bench = createCaseBench<MoveIncident>({
    ...options,
    world,
    folder,
    planned,
    happen({ incident }) {
      const isAtHome = subject.find()?.place === 'home';
      // Home hears of it before it is done.
      happened.push(incident);
      if (!applyMoveIncident(incident, surroundings, handles)) {
        happened.pop();
        return;
      }
      if (isAtHome || incident.kind.startsWith('home.')) shadow.happen(incident, world.clock.now());
      const state = bench.states.at(-1)?.state ?? '';
      if (standing === 'inUse' || AFTER_LAST_LOOK.includes(state)) late.push(incident);
      // It is asked for as it is when it leaves.
      else if (isAtHome && incident.kind !== 'link.rename') late.push(incident);
    },
  });
  const { ends, states } = bench;
  const watch = watchHome(world, subject, { happened, stateOf: () => states.at(-1)?.state ?? '' }, bench.report);

  const endOf = (isRefused: boolean): MoveEnd => ({
    world,
    folder,
    planned,
    subject,
    bases: shadow.bases(world.clock.now()),
    happened,
    late,
    tried: isRefused ? world.tried.slice(triedBefore) : [],
    mayLeaveJournal: isRefused && planned.faults.some(({ operation }) => operation === 'journal.remove'),
  });

  const judgeStanding = (isRefused: boolean): void => {
    if (standing === 'home') bench.report(judgeHome(endOf(isRefused)));
    else if (standing === 'inUse') bench.report(judgeInUse(endOf(isRefused)));
  };

  const drive = async (started: Started, followed: MoveRun): Promise<Driven<MoveOutcome>> => {
    run = followed;
    triedBefore = world.tried.length;
    const outcome = await bench.drive(started, followed);
    ended(outcome);
    return outcome;
  };

  const ended = (outcome: Driven<MoveOutcome>): void => {
    ends.push(outcome === null ? 'stuck' : outcome === 'killed' ? 'killed' : outcome.result);
    bench.note(`end ${ends.at(-1)}`);
    if (outcome === null) {
      bench.report([{ invariant: 'liveness', what: 'the run never ends', object: states.at(-1)?.state ?? '' }]);
    } else if (outcome === 'killed') standing = 'open';
    else {
      if (outcome.failure?.code === 'DEFECT') {
        bench.report([{ invariant: 'defect', what: outcome.failure.what, object: outcome.failure.got ?? '' }]);
      }
      if (outcome.result === 'stranded') {
        standing = 'open';
        bench.report(judgeStranded(endOf(false)));
      }
      if (outcome.result === 'restored') standing = 'home';
      if (outcome.result === 'inUse') standing = 'inUse';
      judgeStanding(outcome.result === 'refused');
    }
  };

  const stage = (): string | undefined => folder.moves.get(planned.link)?.stage;

  /** A new process recovers what there is to recover. */
  const recover = async (): Promise<void> => {
    bench.current()?.process.kill();
    const started = bench.start();
    const runs = await awaitDriven(started.engine.recoverMoves({ deadlines: MOVE_DEADLINES }), world.clock, started);
    for (const recovering of runs ?? []) {
      if ((await drive(started, recovering)) === 'killed') return;
    }
    started.process.kill();
  };

  const finish = async (): Promise<void> => {
    const isDisturbed = happened.length > 0 || planned.faults.length > 0;
    if (!isDisturbed && standing !== 'open') return;
    // What is still planned strikes the one who comes after a death, too.
    if (standing === 'open' && bench.unused().length > 0) await recover();
    bench.calm();
    remedies.heal();
    shadow.heal(world.clock.now());
    await settle(world.clock, SETTLE_MS);
    for (let attempt = 0; attempt < 2; attempt += 1) await recover();
    if (stage() === 'inUse') {
      if (isOrphan({ world, folder, planned })) {
        bench.report([
          { invariant: 'liveness', what: 'recover leaves a link whose namespace is gone', object: planned.link },
        ]);
      }
      standing = 'inUse';
      judgeStanding(false);
      const started = bench.start();
      await drive(started, started.engine.returnLink({ link: planned.link, deadlines: MOVE_DEADLINES }));
      started.process.kill();
    }
    if (stage() !== undefined) {
      bench.report([
        { invariant: 'liveness', what: 'it does not come home', object: stage() ?? '', got: ends.at(-1) ?? '' },
      ]);
    } else if (standing === 'open') {
      standing = 'home';
      judgeStanding(false);
    }
  };

  const next = async (): Promise<void> => {
    bench.current()?.process.kill();
    const { course } = planned;
    if (course === 'move') return;
    if (course === 'altered') {
      for (const incident of ALTERATIONS) applyMoveIncident(incident, surroundings, handles);
      late.push(...ALTERATIONS);
    }
    if (course === 'orphan') {
      happened.push({ kind: 'target.remove' });
      removeNamespace(world, TARGET);
      await recover();
      return;
    }
    const started = bench.start();
    const { engine } = started;
    const again =
      course === 'again'
        ? engine.moveLink(optionsOf(planned))
        : engine.returnLink({ link: planned.link, deadlines: MOVE_DEADLINES });
    await drive(started, again);
  };

  const first = bench.start();
  const outcome = await drive(first, first.engine.moveLink(optionsOf(planned)));
  if (outcome !== null && outcome !== 'killed' && outcome.result === 'inUse') await next();
  await finish();
  watch.stop();
  checkUndisturbed(bench, planned, planned.course, UNDISTURBED_ENDS[planned.course]);
  return bench.result();
}

function optionsOf({ link, name, keepAddresses }: MoveCase) {
  const accept = ['move-link-in-use', 'move-link-sriov'];
  return { link, netns: TARGET, name, keepAddresses, accept, deadlines: MOVE_DEADLINES };
}
