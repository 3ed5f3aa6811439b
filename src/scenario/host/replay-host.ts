import { realClock } from '../../engine/clock.ts';
import type { Run, RunEvent } from '../../engine/run.ts';
import { createSimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { Operation } from '../../host/simulated/simulated-process.ts';
import { createWorld } from '../../host/simulated/world.ts';
import type { Started } from '../../verify/explore/drive.ts';
import { awaitDriven, createIds, drain, driveRun, SETTLE_MS, startProcess } from '../../verify/explore/drive.ts';
import type { Mismatch, ReplayOptions, ScenarioResult, TimelineEntry } from '../result.ts';
import type { HostScenario, ScenarioRun } from '../scenario.ts';
import { describeActor, describeFault, describeMoment } from './describe-happening.ts';
import { checkHost, createEndJudge } from './end-expectations.ts';
import { isWithin } from './entered-states.ts';
import type { EndedRun } from './expectations.ts';
import { checkRun } from './expectations.ts';
import type { ActorHappening } from './moments.ts';
import { createMoments } from './moments.ts';
import { createOthers } from './others.ts';
import { checkPatterns } from './patterns.ts';
import { askedNames, describeEnd, describeRun, migrateOptions } from './scenario-run.ts';
import type { Told } from './timeline.ts';
import { createTimeline, roundMs, toldBy } from './timeline.ts';
import { watchReachability } from './watch-reachability.ts';

/** Operations that a run tells as effects, once they have an answer. */
const EFFECT =
  /^(link|altname|sysctl|address|route|rule|neighbour|ingress|vport)\.|^announce$|^ovs\.(host-port|uplink)\.|^ovs\.rows\.remove$/;

/**
 * Replays a scenario on the simulated host: its runs one after another, each in a process of its own, and what happens to them; then everything
 * comes to rest and is judged. Deterministic: the same scenario has the same trace. Rejects with the signal's reason when it aborts.
 */
export async function replayHost(scenario: HostScenario, options: ReplayOptions = {}): Promise<ScenarioResult> {
  const startedAt = realClock.now();
  const bench = createBench(scenario, options);
  await bench.play();
  return { scenario, ...bench.result(), tookMs: realClock.now() - startedAt, skipped: null };
}

function createBench(scenario: HostScenario, options: ReplayOptions) {
  const { host } = scenario;
  const world = createWorld(host);
  const { clock } = world;
  const folder = createSimulatedFolder();
  const timeline = createTimeline(clock, options.onEntry);
  const mismatches: Mismatch[] = [];
  const impossibles: (Omit<Mismatch, 'at'> & { readonly entry: TimelineEntry })[] = [];
  const others = createOthers(host, world, folder, askedNames(scenario));
  const judge = createEndJudge({ scenario, world, folder, others });
  const watch = scenario.expect.reachableThroughout ? watchReachability(world) : undefined;
  const newId = createIds();
  let current: Started | undefined;
  let run: Run | undefined;
  let confirms = false;
  let state = '';
  let isStopped = false;
  let hasGap = false;
  let faultsCame = 0;
  let lastEndMs = 0;

  const act = ({ actor, place }: ActorHappening, operation: string): void => {
    const what = describeActor(actor);
    const told: Told = { type: 'happening', text: what };
    const entry = operation === '' ? timeline.tell(told) : timeline.tellLater(told);
    const why = isOfRun(actor.kind) && current === undefined ? 'no run is under way' : null;
    const impossible =
      why ??
      others.act(
        actor,
        { operation, state },
        {
          kill: () => current?.process.kill(),
          abort: () => run?.abort('asked by the scenario'),
          confirm: () => run?.confirm(),
        },
      );
    if (impossible !== null) impossibles.push({ place, what, expected: 'it happens', got: impossible, entry });
  };

  const moments = createMoments({
    happens: scenario.happens,
    clock,
    act,
    onFault(fault, operation, nth) {
      faultsCame += 1;
      timeline.tellLater({ type: 'happening', text: `${operation} ${nth}: ${describeFault(fault)}` });
    },
  });

  const onOperation = ({ name }: Operation): void => {
    if (!EFFECT.test(name)) timeline.tellLater({ type: 'operation', text: name });
  };

  const onEvent = (event: RunEvent, runStartMs: number): void => {
    if (isStopped) return;
    timeline.tell(toldBy(event), runStartMs + event.atMs);
    if (event.type !== 'state') return;
    state = event.state;
    if (state === 'confirming' && confirms) run?.confirm();
    if (options.untilState !== undefined && isWithin(state, options.untilState)) {
      isStopped = true;
      return;
    }
    moments.onState(state, event.previous);
  };

  /** Called whenever all that follows from one step of the clock has happened. */
  const onTurn = (): boolean => {
    options.signal?.throwIfAborted();
    timeline.flush();
    options.onWorld?.(world);
    const silent = hasGap ? [] : (watch?.look() ?? []);
    if (silent.length > 0) {
      hasGap = true;
      mismatches.push({
        place: scenario.expect.place,
        what: 'reachableThroughout',
        expected: 'every gateway answers at every moment',
        got: `no answer of ${silent.join(', ')} at ${roundMs(clock.now())} ms, in ${state}`,
        at: timeline.entries.length - 1,
      });
    }
    return !isStopped;
  };

  const { inspect } = options;
  const start = (): Started =>
    startProcess({
      world,
      folder,
      newId,
      oracle: operation => moments.beforeOperation(operation),
      onOperation,
      inspect: inspect && (event => inspect(event, clock.now())),
    });

  const driveOne = async (started: Started, driven: Run): Promise<EndedRun['outcome']> => {
    run = driven;
    const runStartMs = clock.now();
    const onRunEvent = (event: RunEvent): void => {
      // One that was killed says nothing more.
      if (run === driven) onEvent(event, runStartMs);
    };
    const outcome = await driveRun({ started, run: driven, clock, onEvent: onRunEvent, onTurn });
    return outcome ?? 'stuck';
  };

  const launch = async (started: Started, asked: ScenarioRun): Promise<EndedRun['outcome']> => {
    switch (asked.run) {
      case 'migrate':
        confirms = asked.confirm;
        return await driveOne(started, started.engine.migrate(migrateOptions(host, asked)));
      case 'restore': {
        const { accept, deadlines } = asked;
        return await driveOne(started, started.engine.restore({ uplink: host.uplink, accept, deadlines }));
      }
      case 'recover': {
        const runs = await awaitDriven(started.engine.recover({ deadlines: asked.deadlines }), clock);
        let outcome: EndedRun['outcome'] = runs === undefined ? 'stuck' : 'none';
        for (const recovering of runs ?? []) outcome = await driveOne(started, recovering);
        return outcome;
      }
    }
  };

  const carryOut = async (asked: ScenarioRun, nth: number): Promise<void> => {
    timeline.tell({ type: 'run', text: describeRun(asked, nth) });
    state = '';
    judge.beforeRun(asked);
    const started = start();
    const startMs = clock.now();
    const disturbedBefore = faultsCame + others.acts();
    const isQuiet = !others.inTheWay(true).any && others.lastsUntilMs() <= startMs;
    current = started;
    const outcome = await launch(started, asked);
    current = undefined;
    run = undefined;
    started.process.kill();
    if (isStopped) return;
    lastEndMs = roundMs(clock.now());
    timeline.tell({ type: 'end', text: `run ${nth}: ${describeEnd(outcome)}` });
    const at = timeline.entries.length - 1;
    const isUndisturbed = isQuiet && faultsCame + others.acts() === disturbedBefore;
    const ended = { run: asked, nth, outcome, state, isUndisturbed, at };
    mismatches.push(...checkRun(ended), ...judge.afterRun(ended));
  };

  /** Lets the world go on by itself until nothing more is on its way. */
  const rest = async (): Promise<void> => {
    for (let isOver = false; !isOver; ) {
      const untilMs = Math.max(clock.now(), moments.lastDueMs(), others.lastsUntilMs()) + SETTLE_MS;
      let isDue = false;
      clock.setTimeout(() => {
        isDue = true;
      }, untilMs - clock.now());
      while (!isDue) {
        clock.runNext();
        await drain();
        onTurn();
      }
      // What came meanwhile may last in its turn.
      isOver = Math.max(moments.lastDueMs(), others.lastsUntilMs()) <= clock.now();
    }
  };

  const checkAll = (): void => {
    for (const { happening, why } of moments.missed()) {
      const what = 'actor' in happening ? describeActor(happening.actor) : describeFault(happening.fault);
      const got = why === null ? `never came: ${what}` : `never came: ${what} (${why})`;
      mismatches.push({
        place: happening.place,
        what: `${what} at ${describeMoment(happening.when)}`,
        expected: 'it happens',
        got,
        at: null,
      });
    }
    mismatches.push(...judge.atRest(), ...judge.checkSame(), ...judge.checkReachable());
    mismatches.push(...checkHost({ scenario, world, folder }));
    const { withinMs, place } = scenario;
    if (withinMs !== null && lastEndMs > withinMs) {
      const at = timeline.entries.findLastIndex(entry => entry.type === 'end');
      mismatches.push({ place, what: 'within', expected: `${withinMs} ms`, got: `${lastEndMs} ms`, at });
    }
  };

  return {
    async play(): Promise<void> {
      moments.begin();
      for (const [at, asked] of scenario.runs.entries()) {
        if (!isStopped) await carryOut(asked, at + 1);
      }
      if (isStopped) timeline.tell({ type: 'end', text: `stopped at ${state}` });
      else {
        await rest();
        checkAll();
      }
      const { never, eventually } = scenario;
      mismatches.push(...checkPatterns(timeline.entries, { never, eventually: isStopped ? [] : eventually }));
    },
    result: () => ({
      mismatches: [
        ...impossibles.map(({ entry, ...mismatch }) => ({ ...mismatch, at: timeline.entries.indexOf(entry) })),
        ...mismatches,
      ],
      timeline: timeline.entries,
      trace: timeline.trace(),
      steps: timeline.entries.length,
      virtualMs: isStopped ? roundMs(clock.now()) : lastEndMs,
    }),
  };
}

/** True for what happens to a run, not to the host. */
function isOfRun(kind: string): boolean {
  return kind === 'kill' || kind === 'abort' || kind === 'confirm';
}
