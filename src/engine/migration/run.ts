import type { Logger } from 'pino';
import { createActor } from 'xstate';
import type {
  MigrationContext,
  MigrationEntry,
  MigrationEvent,
  MigrationInput,
} from '../../../machines/uplink-migration-types.ts';
import type { MigrationRequest } from '../../domain/request.ts';
import type { Failure } from '../../errors.ts';
import { describeFailure, toFailure } from '../../errors.ts';
import { createEventLog } from '../event-log.ts';
import { recordChart } from '../flight/record-chart.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Run, RunEvent, RunOutcome, RunResult, Untimed } from '../run.ts';
import { bindMigration } from './bind.ts';
import { migrationDelays } from './delays.ts';
import { forwardHostEvents } from './host-events.ts';
import type { Session } from './session.ts';
import { statePath } from './state-path.ts';
import { stayLimitMs } from './stay-limit.ts';

/** Tries of a failed way back before a run gives up and leaves it to a person and `recover`. */
const MAX_ATTEMPTS = 5;

/** States in which traffic changes its path. */
const URGENT = /^(cuttingOver|rollingBack)\./;

/** What to run. */
export interface RunOptions {
  readonly session: Session;
  readonly request: MigrationRequest;
  readonly entry: MigrationEntry;
  /** Of a resumed run. */
  readonly journal: JournalRecord | undefined;
  /** Go back as soon as the run stands at `committed`. */
  readonly restore: boolean;
  /** Codes of blocking findings that a restore accepts. */
  readonly accept: readonly string[];
  /** Begin when this resolves. */
  readonly after: Promise<unknown>;
  readonly logger: Logger | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Starts the chart over one session and tells what happens. */
export function startRun(options: RunOptions): Run {
  const { session, request, signal, logger } = options;
  const { clock } = session;
  const log = createEventLog();
  const startedAt = clock.now();
  let state: string | null = null;
  let isEnding = false;
  let stateSince = startedAt;
  let isRestoreSent = false;
  let isUnguardedTold = false;
  const priority = session.surroundings.createPriority();
  const toldFindings = new Set<string>();
  const { promise: outcome, resolve } = Promise.withResolvers<RunOutcome>();

  const tell = (event: Untimed<RunEvent>): void => log.push({ atMs: clock.now() - startedAt, ...event } as RunEvent);
  const flight = session.surroundings.createFlightRecorder(request.uplink, reason =>
    logger?.warn({ interface: request.uplink, reason }, 'the flight recorder stops'),
  );
  const delays = migrationDelays(session, request);
  const bound = bindMigration(
    session,
    request,
    options.restore ? options.accept : null,
    {
      onEffect: (effect, text, failure) => {
        tell({ type: 'effect', effect, text, failure });
        flight?.effect(effect, text, failure);
        logger?.debug({ interface: request.uplink, state, effect: effect.op, failure }, 'effect');
      },
      onFinding: finding => {
        // The host is judged twice, before and under the lock.
        const key = `${finding.code} ${finding.message}`;
        if (!toldFindings.has(key)) tell({ type: 'finding', finding });
        toldFindings.add(key);
      },
      onLockLost: failure => sendIfAlive({ type: 'engine.lock.lost', failure }),
      onGuardLost: failure => sendIfAlive({ type: 'engine.guard.lost', failure }),
      // Without a control socket only `confirm` and `abort` from another process are lost: that stops nothing.
      onLocked: () => control.listen().catch(error => logger?.warn({ err: error }, 'no control socket')),
      onConfirmWindow: remainingMs => tell({ type: 'confirm-window', remainingMs }),
    },
    delays,
  );
  const machine = flight === null ? bound : recordChart(bound, flight);
  /** Locks and guards may be lost after the end, when nobody needs them, and whoever embeds us may still press `abort`. */
  const sendIfAlive = (event: MigrationEvent): void => {
    if (actor.getSnapshot().status === 'active' && !isEnding) actor.send(event);
  };
  const inputOf = (entry: MigrationEntry, journal: JournalRecord | undefined): MigrationInput => ({
    request,
    entry,
    plan: journal?.plan ?? null,
    snapshot: journal?.snapshot ?? null,
    maxAttempts: MAX_ATTEMPTS,
  });
  const make = (input: MigrationInput) => {
    const { inspect } = session.surroundings;
    return createActor(machine, inspect === undefined ? { input, clock } : { input, clock, inspect });
  };
  const input = inputOf(options.entry, options.journal);
  let actor = make(input);
  /** A defect of ours that a second chart is putting right. */
  let defect: Failure | undefined;
  const stopEvents = forwardHostEvents(
    session.host,
    () => actor.getSnapshot().context.plan,
    event => actor.send(event),
    error => logger?.error({ err: error }, 'reading the host again failed'),
  );
  const control = session.surroundings.createControl(request.uplink, {
    confirm: () => sendIfAlive({ type: 'CONFIRM' }),
    abort: reason => sendIfAlive({ type: 'ABORT', reason }),
    state: () => state ?? '',
  });
  const onSignal = (): void => sendIfAlive({ type: 'ABORT', reason: String(signal?.reason ?? 'aborted') });

  const end = (result: RunResult, context: MigrationContext): void => {
    if (isEnding) return;
    isEnding = true;
    void finish(result, context);
  };
  const finish = async (result: RunResult, context: MigrationContext): Promise<void> => {
    signal?.removeEventListener('abort', onSignal);
    stopEvents();
    priority.restore();
    actor.stop();
    session.life.abort();
    await control.stop();
    const notGone = await session.disarmGuard();
    const unguarded = context.unguarded ?? notGone;
    await session.unlock();
    const failure = defect ?? context.failure;
    const stranding = result === 'stranded' ? (context.stranding ?? failure) : null;
    if (failure !== null) tell({ type: 'failure', failure });
    flight?.end(result);
    log.close();
    const made: RunOutcome = {
      result,
      uplink: request.uplink,
      id: context.plan?.id ?? null,
      alreadyDone: context.alreadyDone,
      findings: context.findings,
      failure: failure ?? stranding,
      failedIn: context.failedIn,
      uplinkGone: result === 'rolledBack' && context.failure?.code === 'LINK_GONE' && context.observed.uplink === null,
      pendingRows: context.pendingRows,
      unguarded,
      advice: [...adviceFor(result, context, stranding), ...adviceOnGuard(unguarded)],
      durationMs: clock.now() - startedAt,
    };
    logger?.info(
      { interface: request.uplink, result, durationMs: made.durationMs, failure: made.failure },
      'run ended',
    );
    resolve(made);
  };

  const onSnapshot = (snapshot: ReturnType<typeof actor.getSnapshot>): void => {
    const path = statePath(snapshot.value);
    const { unguarded } = snapshot.context;
    if (unguarded !== null && !isUnguardedTold) {
      isUnguardedTold = true;
      logger?.warn({ interface: request.uplink, state: path, failure: unguarded }, 'goes on without a guard');
    }
    if (path !== state) {
      const now = clock.now();
      tell({ type: 'state', state: path, previous: state, previousMs: now - stateSince });
      flight?.state(path);
      logger?.info(
        { machine: machine.id, interface: request.uplink, state: path, durationMs: now - stateSince },
        'state',
      );
      state = path;
      stateSince = now;
      const limitMs = stayLimitMs(snapshot, delays);
      if (limitMs !== null) session.guard()?.allow(limitMs);
      if (URGENT.test(path)) priority.raise();
      else priority.restore();
    }
    if (path === 'committed' && options.restore && !isRestoreSent) {
      isRestoreSent = true;
      queueMicrotask(() => actor.send({ type: 'RESTORE' }));
    } else if (snapshot.hasTag('terminal')) end(resultOf(path), snapshot.context);
  };

  /** The chart itself failed, which is a defect of ours: what it changed is put back by a fresh one, once. */
  const onDefect = (error: unknown): void => {
    const { context } = actor.getSnapshot();
    const journal = session.journal();
    const isSecond = defect !== undefined;
    defect ??= toFailure(error);
    logger?.error({ failure: defect, state }, 'the chart failed');
    session.life.abort();
    // Nothing was changed before the journal is on disk.
    if (journal === undefined || isSecond) {
      end(journal === undefined ? 'refused' : 'stranded', context);
      return;
    }
    session.life = new AbortController();
    const restarted = inputOf('rollingBack', journal);
    flight?.restart(restarted);
    actor = make(restarted);
    observe();
    actor.start();
  };

  const observe = (): void => {
    // A full observer: one without `error` makes XState report a handled error as unhandled (xstate createActor.ts).
    actor.subscribe({ next: onSnapshot, error: onDefect, complete: () => undefined });
  };
  observe();

  const begin = (): void => {
    if (signal?.aborted) queueMicrotask(onSignal);
    signal?.addEventListener('abort', onSignal, { once: true });
    flight?.begin(machine.id, input);
    actor.start();
  };
  options.after.then(begin, begin);

  return {
    outcome,
    confirm: () => sendIfAlive({ type: 'CONFIRM' }),
    abort: reason => sendIfAlive({ type: 'ABORT', reason }),
    [Symbol.asyncIterator]: () => log[Symbol.asyncIterator](),
  };
}

function resultOf(path: string): RunResult {
  if (path === 'committed' || path === 'refused' || path === 'rolledBack') return path;
  return 'stranded';
}

function adviceFor(result: RunResult, context: MigrationContext, stranding: Failure | null): readonly string[] {
  const { uplink } = context.request;
  if (result === 'stranded') {
    return [
      `${uplink} could not be put back: ${stranding === null ? 'unknown reason' : describeFailure(stranding)}`,
      'then run `ovs-uplink recover`: it goes on from the journal',
    ];
  }
  if (context.pendingRows) {
    return [
      'Open vSwitch does not answer and has not let go yet: run `ovs-uplink recover` as soon as ovsdb-server and ovs-vswitchd run again; until then our rows are in force, and a kernel datapath may take the uplink back',
    ];
  }
  return result === 'refused' && context.failure?.advice !== undefined ? [context.failure.advice] : [];
}

function adviceOnGuard(unguarded: Failure | null): readonly string[] {
  return unguarded?.advice === undefined ? [] : [unguarded.advice];
}
