import { assign } from 'xstate';
import { linkMove } from '../../../machines/link-move.ts';
import type {
  MoveAssessment,
  MoveContext,
  MoveEntry,
  MoveEvent,
  ReturnReport,
  TakeOverReport,
} from '../../../machines/link-move-types.ts';
import type { MoveRequest } from '../../domain/move/request.ts';
import type { Failure } from '../../errors.ts';
import { toFailure } from '../../errors.ts';
import { outputOf } from '../migration/guards.ts';
import { statePath } from '../migration/state-path.ts';
import { provide } from '../provide.ts';
import type { MoveReports } from './actors.ts';
import { moveActors } from './actors.ts';
import type { MoveSession } from './session.ts';

/** How long reading and judging both namespaces may take, in ms. */
const ASSESS_MS = 15_000;

interface Args {
  readonly context: MoveContext;
  readonly event: MoveEvent;
  readonly self: { getSnapshot(): { readonly value: unknown } };
}

function errorOf({ event }: Args): Failure {
  return toFailure((event as unknown as { readonly error: unknown }).error);
}

function deadlineOf({ self }: Args): Failure {
  const state = statePath(self.getSnapshot().value);
  return {
    code: 'DEADLINE',
    what: `${state} did not finish in time`,
    advice: 'a longer --step-timeout helps a slow host',
  };
}

function abortOf({ event }: Args): Failure {
  return { code: 'ABORTED', what: event.type === 'ABORT' ? `asked to stop: ${event.reason}` : 'asked to stop' };
}

/** The first failure is what the user asks about; later ones are consequences. */
function keepFirst(args: Args, failureOf: (args: Args) => Failure): Partial<MoveContext> {
  if (args.context.failure !== null) return {};
  return { failure: failureOf(args), failedIn: statePath(args.self.getSnapshot().value) };
}

/** The chart with its guards and its actions, which only take notes. */
export const annotatedMove = linkMove.provide({
  guards: {
    resumesAt: ({ context }, params: { readonly entry: MoveEntry }) => context.entry === params.entry,
    isOver: ({ event }) => outputOf<TakeOverReport>(event).isOver,
    isRefused: ({ event }) => outputOf<MoveAssessment>(event).verdict === 'refuse',
    isAlreadyDone: ({ event }) => outputOf<MoveAssessment>(event).verdict === 'done',
    hasAttemptsLeft: ({ context }) => context.attempts < context.maxAttempts,
  },
  actions: {
    recordAssessment: assign(({ event }) => {
      const { findings, plan, snapshot, verdict } = outputOf<MoveAssessment>(event);
      return { findings, plan, snapshot, alreadyDone: verdict === 'done' };
    }),
    recordTakeOver: assign(({ event }) => outputOf<TakeOverReport>(event)),
    recordReturnStep: assign(({ event }) => ({ linkGone: outputOf<ReturnReport>(event).linkGone })),
    recordReturnRequest: assign({ alreadyDone: false, attempts: 0, entry: 'returning' as const }),
    countAttempt: assign(({ context }) => ({ attempts: context.attempts + 1 })),
    recordFailure: assign(args => keepFirst(args, errorOf)),
    recordDeadline: assign(args => keepFirst(args, deadlineOf)),
    recordAbort: assign(args => keepFirst(args, abortOf)),
    /** Why the way back failed; the reason for going back stays in `failure`. */
    recordStranding: assign(args => ({ stranding: 'error' in args.event ? errorOf(args) : deadlineOf(args) })),
  },
});

/** The chart link-move bound to one session. */
export function bindMove(session: MoveSession, request: MoveRequest, reports: MoveReports) {
  const { stepMs, retryMs } = request.deadlines;
  return provide(annotatedMove, {
    actors: moveActors(session, request, reports),
    delays: { assessDeadline: ASSESS_MS, stepDeadline: stepMs, returnDeadline: 2 * stepMs, retryDelay: retryMs },
  });
}
