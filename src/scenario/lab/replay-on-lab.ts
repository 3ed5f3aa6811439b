import type { Lab } from '../../../test/lab/lab.ts';
import { namesOf } from '../../domain/layout.ts';
import { realClock } from '../../engine/clock.ts';
import { uplinkError } from '../../errors.ts';
import { describeActor, describeMoment } from '../host/describe-happening.ts';
import { enteredStates } from '../host/entered-states.ts';
import { checkRun, type EndedRun } from '../host/expectations.ts';
import { checkPatterns } from '../host/patterns.ts';
import { createTimeline, toldBy } from '../host/timeline.ts';
import type { Mismatch, ReplayOptions, ScenarioResult } from '../result.ts';
import type { HostScenario, Scenario, ScenarioRun } from '../scenario.ts';
import type { Act, ActingReport, TimedActs } from './act.ts';
import { heldBack } from './held-back.ts';
import { findLabHost, type LabHost } from './hosts.ts';
import { judgeHost } from './look-at-host.ts';
import { type PlannedActor, planActor } from './plan-acts.ts';
import { reasonToSkip } from './reason-to-skip.ts';
import { createRemedies } from './remedies.ts';
import { runArguments } from './run-arguments.ts';
import { type CommandEnd, labArguments, nodeCommand, runCommand } from './run-command.ts';

/** SIGKILL, as shells count. */
const KILLED = 137;

/**
 * Plays a host scenario on the real kernel and a real Open vSwitch, in a lab of network namespaces of its own, which is gone afterwards in every
 * case. What the lab cannot be or do is skipped, and says why. Invariants, `within` and `reachableThroughout` are not looked at. Rejects with
 * `ABORTED` by the signal.
 */
export async function replayOnLab(scenario: Scenario, options: ReplayOptions = {}): Promise<ScenarioResult> {
  const startedAt = realClock.now();
  const skip = (skipped: string): ScenarioResult => ({ ...nothing(scenario), skipped });
  const reason = reasonToSkip(scenario);
  if (reason !== null || scenario.kind !== 'HostScenario') return skip(reason ?? scenario.kind);
  const labHost = await findLabHost(scenario.host);
  if ('reason' in labHost) return skip(labHost.reason);
  const { createLab } = await import('../../../test/lab/lab.ts');
  const { signal } = options;
  await using lab = await createLab({ name: 'scn', ...(signal === undefined ? {} : { signal }) });
  const actors = planActors(scenario, lab);
  if ('reason' in actors) return skip(actors.reason);
  const played = await play(scenario, lab, labHost, actors, options);
  return { ...nothing(scenario), ...played, tookMs: realClock.now() - startedAt };
}

function nothing(scenario: Scenario): ScenarioResult {
  const empty = { mismatches: [], timeline: [], trace: '', steps: 0 };
  return { scenario, ...empty, virtualMs: 0, tookMs: 0, skipped: null };
}

/** In the order of `happens`. */
function planActors(scenario: HostScenario, lab: Lab): readonly PlannedActor[] | { readonly reason: string } {
  const { happens, runs, host } = scenario;
  const first = runs.find(run => run.run === 'migrate');
  const bridge = first?.bridge ?? host.request.bridge;
  const stage = {
    lab,
    names: namesOf(first?.layout ?? 'host-port', host.uplink, bridge),
    uplink: host.uplink,
    confirm: confirmCommand(lab, host.uplink),
  };
  const planned: PlannedActor[] = [];
  for (const happening of happens) {
    const made = 'actor' in happening ? planActor(happening.actor, stage) : { acts: [], remedy: null };
    if ('reason' in made) return made;
    planned.push(made);
  }
  return planned;
}

function confirmCommand(lab: Lab, uplink: string): readonly string[] {
  return [...nodeCommand('acting-command'), 'confirm', '-i', uplink, ...labArguments(lab)];
}

async function play(
  scenario: HostScenario,
  lab: Lab,
  labHost: LabHost,
  actors: readonly PlannedActor[],
  options: ReplayOptions,
): Promise<Pick<ScenarioResult, 'mismatches' | 'timeline' | 'trace' | 'steps' | 'virtualMs'>> {
  const { captureHost } = await import('../../../test/lab/host-image.ts');
  const { happens, runs, host } = scenario;
  await labHost.configure(lab);
  const before = await captureHost(lab);
  const beganAt = realClock.now();
  const timeline = createTimeline({ now: () => realClock.now() - beganAt }, options.onEntry);
  const mismatches: Mismatch[] = [];
  const entered = new Map<string, number>();
  const happened = new Set<number>();
  const remedies = createRemedies();
  const timed = happens.flatMap((_, id) => timedActs(scenario, lab, actors, id));

  const onReport = (report: ActingReport): void => {
    if ('state' in report) {
      for (const name of enteredStates(report.state, report.previous)) entered.set(name, (entered.get(name) ?? 0) + 1);
    } else if ('happened' in report) {
      happened.add(report.happened);
      const remedy = actors[report.happened]?.remedy;
      if (remedy != null) remedies.plan(remedy);
    }
  };

  const tellEnd = (run: ScenarioRun, nth: number, runStartMs: number, end: CommandEnd): void => {
    let state = '';
    for (const heard of end.heard) {
      if ('event' in heard) {
        const told = toldBy(heard.event);
        if (told.type === 'state') state = told.state;
        timeline.tell(told, runStartMs + heard.event.atMs);
        continue;
      }
      const { report } = heard;
      const lastMs = timeline.entries.at(-1)?.atMs ?? runStartMs;
      if ('state' in report) {
        state = report.state;
        timeline.tell({ type: 'state', state }, lastMs);
      } else if ('failed' in report) {
        timeline.tell({ type: 'happening', text: report.failed }, lastMs);
        const at = timeline.entries.length - 1;
        const what = 'an actor of the lab';
        mismatches.push({ place: scenario.place, what, expected: 'it happens', got: report.failed, at });
      } else {
        const happening = happens[report.happened];
        if (happening !== undefined && 'actor' in happening) {
          timeline.tell({ type: 'happening', text: describeActor(happening.actor) }, lastMs);
        }
      }
    }
    const outcome = outcomeOf(run, end);
    timeline.tell({
      type: 'end',
      text: `run ${nth}: ${typeof outcome === 'string' ? outcome : (outcome?.result ?? 'none')}`,
    });
    const at = timeline.entries.length - 1;
    if (outcome !== null)
      mismatches.push(...checkRun({ run, nth, outcome, state, isUndisturbed: happens.length === 0, at }));
    else {
      const got =
        end.failure === undefined ? `exit ${end.code}: ${end.stderr}` : `${end.failure.what} (${end.failure.code})`;
      mismatches.push({ place: run.place, what: `the end of run ${nth}`, expected: 'an end', got, at });
    }
  };

  try {
    for (const [index, run] of runs.entries()) {
      options.signal?.throwIfAborted();
      const nth = index + 1;
      timeline.tell({ type: 'run', text: `run ${nth}: ${run.run}${run.run === 'migrate' ? ` ${run.layout}` : ''}` });
      const confirm = run.run === 'migrate' && run.confirm ? [confirming(lab, host.uplink, entered)] : [];
      const orders = { timed: [...timed, ...confirm], entered: Object.fromEntries(entered) };
      const runStartMs = realClock.now() - beganAt;
      const end = await runCommand(runArguments(run, host), { lab, orders, onReport, signal: options.signal });
      options.signal?.throwIfAborted();
      tellEnd(run, nth, runStartMs, end);
    }
  } finally {
    // Daemons that somebody stopped must run again before the host is looked at.
    await remedies.finish();
  }
  for (const [id, happening] of happens.entries()) {
    if (happened.has(id) || !('actor' in happening)) continue;
    const { actor, when, place } = happening;
    const what = `${describeActor(actor)} at ${describeMoment(when)}`;
    mismatches.push({ place, what, expected: 'it happens', got: 'never came', at: null });
  }
  if (lab.vswitchdPid() !== null && lab.ovsdbPid() !== null) await awaitApplied(lab);
  mismatches.push(...(await judgeHost(lab, scenario, labHost, before)), ...checkPatterns(timeline.entries, scenario));
  const { entries } = timeline;
  return {
    mismatches,
    timeline: entries,
    trace: timeline.trace(),
    steps: entries.length,
    virtualMs: entries.at(-1)?.atMs ?? 0,
  };
}

function timedActs(
  scenario: HostScenario,
  lab: Lab,
  actors: readonly PlannedActor[],
  id: number,
): readonly TimedActs[] {
  const happening = scenario.happens[id];
  if (happening === undefined || !('state' in happening.when)) return [];
  const { state, nth, afterMs } = happening.when;
  return heldBack(lab, { id, state, nth, afterMs, acts: actors[id]?.acts ?? [] });
}

/** The answer to the window as soon as it opens. */
function confirming(lab: Lab, uplink: string, entered: ReadonlyMap<string, number>): TimedActs {
  const acts: readonly Act[] = [{ kind: 'start', argv: confirmCommand(lab, uplink) }];
  return { id: -1, state: 'confirming', nth: (entered.get('confirming') ?? 0) + 1, afterMs: 0, acts };
}

/** How a command line ended, in the words of {@link EndedRun}; null where it says nothing of a run. */
function outcomeOf(run: ScenarioRun, { code, outcome }: CommandEnd): EndedRun['outcome'] | null {
  if (code === KILLED) return 'killed';
  if (outcome !== undefined) return outcome;
  return run.run === 'recover' && code === 0 ? 'none' : null;
}

/** Resolves when ovs-vswitchd has worked off the database. */
async function awaitApplied(lab: Lab): Promise<void> {
  await lab.vsctl('set', 'Open_vSwitch', '.', 'external_ids:scenario=ended').catch(error => {
    throw uplinkError('DEFECT', { what: 'Open vSwitch of the lab does not come back', got: (error as Error).message });
  });
}
