import type { RunOutcome, RunResult } from '../../engine/run.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { World } from '../../host/simulated/world.ts';
import type { CaseViolation, End } from '../../verify/explore/judge.ts';
import { judge } from '../../verify/explore/judge.ts';
import { matchValue } from '../match.ts';
import type { Mismatch } from '../result.ts';
import type { HostScenario, ScenarioRun } from '../scenario.ts';
import type { EndedRun } from './expectations.ts';
import { linksWithSysctls, viewHost } from './host-view.ts';
import type { Others } from './others.ts';
import { answeringGateways } from './watch-reachability.ts';

/** What there is to judge. */
export interface Judged {
  readonly scenario: HostScenario;
  readonly world: World;
  readonly folder: SimulatedFolder;
  readonly others: Others;
}

/** Judges the ends of a scenario by the invariants, as exploration does. */
export interface EndJudge {
  /** Called before each run. */
  beforeRun(run: ScenarioRun): void;
  afterRun(ended: EndedRun): readonly Mismatch[];
  /** Once more when everything has come to rest. */
  atRest(): readonly Mismatch[];
  /** The host as it is now against the one before the first run. */
  checkSame(): readonly Mismatch[];
  /** Whether the gateways answer that answered before the first run. */
  checkReachable(): readonly Mismatch[];
}

/** Begins; the host is as it was before the first run. */
export function createEndJudge({ scenario, world, folder, others }: Judged): EndJudge {
  const { uplink } = scenario.host;
  const { place, invariants, sameAsBefore, reachable } = scenario.expect;
  const answered = answeringGateways(world);
  const told = new Set<string>();
  // A disk that fails for both: the journal may be there, nothing was changed, and the next start finds nothing to do.
  const isJournalHit = scenario.happens.some(
    ({ when, ...happening }) => 'fault' in happening && 'operation' in when && when.operation === 'journal.remove',
  );
  let last: EndedRun | undefined;
  let wasKilled = false;
  /** How often others had acted when a migration was committed; undefined while none is. */
  let actsAtCommit: number | undefined;
  let actsAtEnd = 0;
  let since = { tried: 0, written: 0 };
  let before = { tried: 0, hasJournal: false, lateActs: 0 };
  let lateActsBefore = 0;

  const violationsOf = (end: Omit<End, 'uplink'>): readonly CaseViolation[] => {
    const excused = isJournalHit ? [...others.excused(), `journal of ${uplink}`] : others.excused();
    return judge({ uplink, since, ...end }, world, folder, others.bases(), excused);
  };
  const toMismatches = (violations: readonly CaseViolation[], at: number | null): readonly Mismatch[] =>
    violations.flatMap(({ invariant, object, what, expected = '', got = '' }) => {
      const title = `${invariant} ${object}: ${what}`;
      const key = `${title} ${expected} ${got}`;
      if (!invariants.includes(invariant) || told.has(key)) return [];
      told.add(key);
      return [{ place, what: title, expected, got, at }];
    });

  const judgeOutcome = (outcome: RunOutcome, ended: EndedRun, isResting: boolean): readonly CaseViolation[] => {
    const { result } = outcome;
    const isOver = result === 'committed' || result === 'refused';
    // What others do after the last look is not the run's: the drift watch sees it.
    if (isOver && (isLate() || hasDrifted(ended))) return [];
    const ovsAnswers = !others.inTheWay(isResting).ovsdb;
    const { isUndisturbed } = ended;
    return violationsOf({
      result,
      outcome,
      wasKilled: wasKilled && isUndisturbed,
      ovsAnswers,
      faultsEnded: isUndisturbed,
    });
  };
  const isLate = (): boolean => others.lateActs() > lateActsBefore;
  /** Others came after the commit, and a second migration only says that it is done. */
  const hasDrifted = ({ run }: EndedRun): boolean =>
    actsAtCommit !== undefined && run.run === 'migrate' && others.acts() > actsAtCommit;

  /** It died before its first change or after its last, and so nothing was left to recover. */
  const judgeKilled = (): readonly CaseViolation[] => {
    const stage = folder.journals.get(uplink)?.stage;
    if (stage !== undefined && stage !== 'committed') return [];
    const result: RunResult = stage === undefined ? 'rolledBack' : 'committed';
    if (isLate() && result === 'committed') return [];
    const ovsAnswers = !others.inTheWay(true).ovsdb;
    return violationsOf({ result, outcome: undefined, wasKilled, ovsAnswers, faultsEnded: false });
  };

  /** A run that is refused does nothing, however the host was left by those before it. */
  const refusedAfterAll = (): readonly CaseViolation[] => {
    const changes = world.tried.slice(before.tried).filter(({ done }) => done).length;
    const hasJournal = folder.journals.has(uplink);
    const violations: CaseViolation[] = [];
    const report = (what: string, object: string, expected: string, got: string): void => {
      violations.push({ invariant: 'I7', what, object, expected, got });
    };
    if (changes > 0) report('changed though refused', `run of ${uplink}`, 'no changes', `${changes} changes`);
    if (before.hasJournal && !hasJournal) report('taken away', `journal of ${uplink}`, 'there', 'none');
    if (!before.hasJournal && hasJournal) report('left behind', `journal of ${uplink}`, 'none', 'there');
    return violations;
  };

  return {
    beforeRun({ run }) {
      before = { tried: world.tried.length, hasJournal: folder.journals.has(uplink), lateActs: others.lateActs() };
      // A migration that finds no journal has nothing to do with those before it.
      if (run !== 'migrate' || before.hasJournal) return;
      since = { tried: world.tried.length, written: folder.written.length };
      wasKilled = false;
    },
    afterRun(ended) {
      const { outcome, at } = ended;
      if (outcome === 'none') return [];
      // What was before stays, and is judged as that.
      if (last !== undefined && isRefused(ended)) return toMismatches(refusedAfterAll(), at);
      last = ended;
      actsAtEnd = others.acts();
      lateActsBefore = before.lateActs;
      if (outcome === 'killed') wasKilled = true;
      if (typeof outcome === 'string') return [];
      const violations = toMismatches(judgeOutcome(outcome, ended, false), at);
      if (outcome.result === 'committed') actsAtCommit ??= others.acts();
      if (outcome.result === 'rolledBack') actsAtCommit = undefined;
      return violations;
    },
    atRest() {
      if (last === undefined || last.outcome === 'stuck') return [];
      // Nothing was in its way, and nobody came after it: it is judged already.
      if (last.isUndisturbed && others.acts() === actsAtEnd && typeof last.outcome !== 'string') return [];
      if (last.outcome === 'killed') return toMismatches(judgeKilled(), null);
      return typeof last.outcome === 'string' ? [] : toMismatches(judgeOutcome(last.outcome, last, true), null);
    },
    checkSame() {
      if (sameAsBefore === null) return [];
      const end = { result: 'rolledBack', outcome: undefined, wasKilled, ovsAnswers: true, faultsEnded: true } as const;
      const differences = violationsOf(end).filter(({ invariant }) => invariant === 'I7' || invariant === 'I4');
      if (sameAsBefore) {
        return differences.map(({ object, what, expected = '', got = '' }) => {
          return { place, what: `sameAsBefore: ${object}: ${what}`, expected, got, at: null };
        });
      }
      if (differences.length > 0) return [];
      return [{ place, what: 'sameAsBefore', expected: 'a difference', got: 'the same as before', at: null }];
    },
    checkReachable() {
      if (reachable === null) return [];
      const answering = answeringGateways(world);
      const silent = answered.filter(gateway => !answering.includes(gateway));
      if (reachable === (silent.length === 0)) return [];
      const expected = reachable ? `an answer of ${answered.join(', ')}` : 'a gateway that does not answer';
      const got = silent.length === 0 ? 'all of them answer' : `no answer of ${silent.join(', ')}`;
      return [{ place, what: 'reachable', expected, got, at: null }];
    },
  };
}

function isRefused({ outcome }: EndedRun): boolean {
  return typeof outcome !== 'string' && outcome.result === 'refused';
}

/** Matches the host as it is now. */
export function checkHost({ scenario, world, folder }: Omit<Judged, 'others'>): readonly Mismatch[] {
  const { host, place } = scenario.expect;
  if (host === null) return [];
  const view = viewHost({
    kernel: world.kernel.read({ routes: true }),
    muted: world.kernel.mutedLinks(),
    ovs: world.ovs.database(),
    sysctls: Object.fromEntries(linksWithSysctls(host).map(name => [name, world.kernel.sysctls(name)])),
    journal: folder.journals.get(scenario.host.uplink)?.stage ?? null,
  });
  return matchValue(host, view, 'host').map(({ path, expected, got }) => ({
    place,
    what: path,
    expected,
    got,
    at: null,
  }));
}
