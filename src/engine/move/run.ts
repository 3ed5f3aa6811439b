import type { Logger } from 'pino';
import { createActor } from 'xstate';
import type { MoveContext, MoveEntry } from '../../../machines/link-move-types.ts';
import type { Finding } from '../../domain/finding.ts';
import type { MoveRequest } from '../../domain/move/request.ts';
import type { Failure } from '../../errors.ts';
import { describeFailure, toFailure } from '../../errors.ts';
import { createEventLog } from '../event-log.ts';
import { recordChart } from '../flight/record-chart.ts';
import { statePath } from '../migration/state-path.ts';
import type { RunEvent, Untimed } from '../run.ts';
import { bindMove } from './bind.ts';
import type { MoveSession } from './session.ts';

/** Tries of a failed way back before a run gives up and leaves it to a person and `recover`. */
const MAX_ATTEMPTS = 5;

/** How a move, or the way back of one, ended. */
export interface MoveOutcome {
  readonly result: 'inUse' | 'restored' | 'refused' | 'stranded';
  readonly link: string;
  readonly netns: string;
  /** Its name there. */
  readonly name: string;
  readonly id: string | null;
  readonly alreadyDone: boolean;
  readonly findings: readonly Finding[];
  /** Why it was refused, brought back or stranded; null when all went as asked. */
  readonly failure: Failure | null;
  readonly failedIn: string | null;
  /** The link is nowhere any more: it went with its namespace, or was unplugged. */
  readonly linkGone: boolean;
  /** The host was booted since the move: what it is at home now is the boot's doing. */
  readonly isOver: boolean;
  /** What a person must do now, if anything. */
  readonly advice: readonly string[];
  readonly durationMs: number;
}

/** A move under way. Iterate it for its events; `outcome` resolves once and never rejects for an operational failure. */
export interface MoveRun extends AsyncIterable<RunEvent> {
  readonly outcome: Promise<MoveOutcome>;
  /** Brings the link home from wherever it is. */
  abort(reason: string): void;
}

/** What to run. */
export interface MoveRunOptions {
  readonly session: MoveSession;
  readonly request: MoveRequest;
  readonly entry: MoveEntry;
  /** Bring the link home as soon as the run stands at `inUse`. */
  readonly goHome: boolean;
  readonly logger: Logger | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Starts the chart over one session and tells what happens. */
export function startMove(options: MoveRunOptions): MoveRun {
  const { session, request, signal, logger } = options;
  const { clock } = session;
  const log = createEventLog();
  const startedAt = clock.now();
  const { promise: outcome, resolve } = Promise.withResolvers<MoveOutcome>();
  const tell = (event: Untimed<RunEvent>): void => log.push({ atMs: clock.now() - startedAt, ...event } as RunEvent);
  let state: string | null = null;
  let told = 0;
  let stateSince = startedAt;
  let isEnding = false;
  let isSentHome = false;

  const flight = session.surroundings.createFlightRecorder(request.link, reason =>
    logger?.warn({ interface: request.link, reason }, 'the flight recorder stops'),
  );
  const bound = bindMove(session, request, {
    onEffect(effect, text, failure) {
      tell({ type: 'effect', effect, text, failure });
      flight?.effect(effect, text, failure);
      logger?.debug({ interface: request.link, state, effect: effect.op, failure }, 'effect');
    },
  });
  const machine = flight === null ? bound : recordChart(bound, flight);
  const record = session.record();
  const input = {
    request,
    entry: options.entry,
    plan: record?.plan ?? null,
    snapshot: record?.snapshot ?? null,
    maxAttempts: MAX_ATTEMPTS,
  };
  const { inspect } = session.surroundings;
  const actor = createActor(machine, inspect === undefined ? { input, clock } : { input, clock, inspect });
  const abort = (reason: string): void => {
    if (!isEnding) actor.send({ type: 'ABORT', reason });
  };
  const onSignal = (): void => abort(String(signal?.reason ?? 'aborted'));

  const end = async (result: MoveOutcome['result'], context: MoveContext, defect: Failure | null): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    signal?.removeEventListener('abort', onSignal);
    actor.stop();
    session.life.abort();
    await session.close();
    const failure = defect ?? context.failure ?? (result === 'stranded' ? context.stranding : null);
    if (failure !== null) tell({ type: 'failure', failure });
    flight?.end(result);
    log.close();
    const durationMs = clock.now() - startedAt;
    logger?.info({ interface: request.link, result, durationMs, failure }, 'run ended');
    const { link, netns, name } = request;
    const { plan, alreadyDone, findings, failedIn, linkGone, isOver } = context;
    const advice = adviceFor(result, context, failure);
    const id = plan?.id ?? null;
    const said = { alreadyDone, findings, failure, failedIn, linkGone, isOver, advice };
    resolve({ result, link, netns, name, id, ...said, durationMs });
  };

  actor.subscribe({
    next(snapshot) {
      for (const finding of snapshot.context.findings.slice(told)) tell({ type: 'finding', finding });
      told = Math.max(told, snapshot.context.findings.length);
      const path = statePath(snapshot.value);
      if (path !== state) {
        const now = clock.now();
        tell({ type: 'state', state: path, previous: state, previousMs: now - stateSince });
        flight?.state(path);
        logger?.info({ machine: machine.id, interface: request.link, state: path }, 'state');
        state = path;
        stateSince = now;
      }
      if (path === 'inUse' && options.goHome && !isSentHome) {
        isSentHome = true;
        queueMicrotask(() => actor.send({ type: 'RETURN' }));
      } else if (snapshot.hasTag('terminal')) void end(resultOf(path), snapshot.context, null);
    },
    // A defect of ours: the journal says what is to be brought home.
    error: error =>
      void end(session.record() === undefined ? 'refused' : 'stranded', actor.getSnapshot().context, toFailure(error)),
    complete: () => undefined,
  });
  if (signal?.aborted) queueMicrotask(onSignal);
  signal?.addEventListener('abort', onSignal, { once: true });
  flight?.begin(machine.id, input);
  actor.start();

  return {
    outcome,
    abort,
    [Symbol.asyncIterator]: () => log[Symbol.asyncIterator](),
  };
}

function resultOf(path: string): MoveOutcome['result'] {
  return path === 'inUse' || path === 'refused' || path === 'restored' ? path : 'stranded';
}

function adviceFor(
  result: MoveOutcome['result'],
  { stranding }: MoveContext,
  failure: Failure | null,
): readonly string[] {
  if (result !== 'stranded') return result === 'refused' && failure?.advice !== undefined ? [failure.advice] : [];
  const why = stranding ?? failure;
  return [
    `the link could not be brought home: ${why === null ? 'unknown reason' : describeFailure(why)}`,
    'then run `ovs-uplink recover`: it goes on from the journal',
  ];
}
