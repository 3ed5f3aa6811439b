import { fromPromise, setup } from 'xstate';
import type { MoveStep, ReturnStep } from '../src/domain/move/plan.ts';
import type {
  MoveAssessment,
  MoveContext,
  MoveEvent,
  MoveInput,
  ReturnReport,
  TakeOverReport,
} from './link-move-types.ts';
import { unprovided } from './unprovided.ts';

/**
 * Moves a NIC into another network namespace under another name, and brings it home again.
 *
 * Promises: nothing is changed before the journal is on disk. The link is in the target as asked, or at home as it was: every state that changes
 * something has an error transition, a deadline and an ABORT transition into `returning`, which looks for the link wherever it is, by what stays of
 * it, so that the way back is right from any state, also in another process, and also where the kernel has done half of what it was asked. `inUse`
 * is reached only after the target showed what was asked for; `restored` only after home was compared with the snapshot, where the link is anywhere at
 * all. A way back that fails ends in `stranded`, which tries again and says what a person must do.
 */
export const linkMove = setup({
  types: {
    input: {} as MoveInput,
    context: {} as MoveContext,
    events: {} as MoveEvent,
    tags: {} as 'terminal',
  },
  actors: {
    takeOver: fromPromise<TakeOverReport>(unprovided),
    assess: fromPromise<MoveAssessment>(unprovided),
    acquireLock: fromPromise<void>(unprovided),
    writeJournal: fromPromise<MoveAssessment>(unprovided),
    moveStep: fromPromise<void, { readonly step: MoveStep }>(unprovided),
    compareWithPlan: fromPromise<void>(unprovided),
    commitJournal: fromPromise<void>(unprovided),
    returnStep: fromPromise<ReturnReport, { readonly step: ReturnStep }>(unprovided),
    compareWithSnapshot: fromPromise<void>(unprovided),
    closeJournal: fromPromise<void>(unprovided),
    abandon: fromPromise<void>(unprovided),
  },
  guards: {
    resumesAt: (_, _params: { readonly entry: MoveInput['entry'] }) => unprovided(),
    isOver: unprovided,
    isRefused: unprovided,
    isAlreadyDone: unprovided,
    hasAttemptsLeft: unprovided,
  },
  actions: {
    recordAssessment: unprovided,
    recordTakeOver: unprovided,
    recordReturnStep: unprovided,
    recordReturnRequest: unprovided,
    countAttempt: unprovided,
    recordFailure: unprovided,
    recordDeadline: unprovided,
    recordAbort: unprovided,
    recordStranding: unprovided,
  },
  delays: {
    assessDeadline: unprovided,
    stepDeadline: unprovided,
    returnDeadline: unprovided,
    retryDelay: unprovided,
  },
}).createMachine({
  id: 'link-move',
  context: ({ input }) => ({
    ...input,
    findings: [],
    failure: null,
    failedIn: null,
    stranding: null,
    attempts: 0,
    alreadyDone: false,
    linkGone: false,
    isOver: false,
  }),
  initial: 'entering',
  states: {
    entering: {
      always: [
        { guard: { type: 'resumesAt', params: { entry: 'assessing' } }, target: 'assessing' },
        { target: 'takingOver' },
      ],
    },
    takingOver: {
      invoke: {
        src: 'takeOver',
        onDone: [
          { guard: 'isOver', target: 'restored', actions: 'recordTakeOver' },
          { target: 'resuming', actions: 'recordTakeOver' },
        ],
        onError: { target: 'refused', actions: 'recordFailure' },
      },
      after: { assessDeadline: { target: 'refused', actions: 'recordDeadline' } },
      on: { ABORT: { target: 'refused', actions: 'recordAbort' } },
    },
    resuming: {
      always: [{ guard: { type: 'resumesAt', params: { entry: 'inUse' } }, target: 'inUse' }, { target: 'returning' }],
    },
    assessing: {
      invoke: {
        src: 'assess',
        onDone: [
          { guard: 'isRefused', target: 'refused', actions: 'recordAssessment' },
          { guard: 'isAlreadyDone', target: 'inUse', actions: 'recordAssessment' },
          { target: 'preparing', actions: 'recordAssessment' },
        ],
        onError: { target: 'refused', actions: 'recordFailure' },
      },
      after: { assessDeadline: { target: 'refused', actions: 'recordDeadline' } },
      on: { ABORT: { target: 'refused', actions: 'recordAbort' } },
    },
    preparing: {
      initial: 'locking',
      states: {
        locking: {
          invoke: {
            src: 'acquireLock',
            onDone: { target: 'writingJournal' },
            onError: { target: '#abandoning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#abandoning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#abandoning', actions: 'recordAbort' } },
        },
        writingJournal: {
          invoke: {
            src: 'writeJournal',
            onDone: [
              { guard: 'isRefused', target: '#abandoning', actions: 'recordAssessment' },
              { target: '#leaving', actions: 'recordAssessment' },
            ],
            onError: { target: '#abandoning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#abandoning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#abandoning', actions: 'recordAbort' } },
        },
      },
    },
    leaving: {
      id: 'leaving',
      initial: 'moving',
      states: {
        // One message: no name in between, on which others could act.
        moving: {
          invoke: {
            src: 'moveStep',
            input: { step: 'moving' },
            onDone: { target: 'configuring' },
            onError: { target: '#returning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#returning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#returning', actions: 'recordAbort' } },
        },
        configuring: {
          invoke: {
            src: 'moveStep',
            input: { step: 'configuring' },
            onDone: { target: 'comparing' },
            onError: { target: '#returning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#returning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#returning', actions: 'recordAbort' } },
        },
        comparing: {
          invoke: {
            src: 'compareWithPlan',
            onDone: { target: 'committing' },
            onError: { target: '#returning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#returning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#returning', actions: 'recordAbort' } },
        },
        committing: {
          invoke: {
            src: 'commitJournal',
            onDone: { target: '#inUse' },
            onError: { target: '#returning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#returning', actions: 'recordDeadline' } },
        },
      },
    },
    inUse: {
      id: 'inUse',
      tags: 'terminal',
      on: { RETURN: { target: 'returning', actions: 'recordReturnRequest' } },
    },
    returning: {
      id: 'returning',
      initial: 'bringingHome',
      states: {
        bringingHome: {
          invoke: {
            src: 'returnStep',
            input: { step: 'bringingHome' },
            onDone: { target: 'restoringName', actions: 'recordReturnStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { returnDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        restoringName: {
          invoke: {
            src: 'returnStep',
            input: { step: 'restoringName' },
            onDone: { target: 'restoringLink', actions: 'recordReturnStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { returnDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        restoringLink: {
          invoke: {
            src: 'returnStep',
            input: { step: 'restoringLink' },
            onDone: { target: 'comparingWithSnapshot', actions: 'recordReturnStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { returnDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        comparingWithSnapshot: {
          invoke: {
            src: 'compareWithSnapshot',
            onDone: { target: 'closingJournal' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { returnDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        closingJournal: {
          invoke: {
            src: 'closeJournal',
            onDone: { target: '#restored' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { returnDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
      },
    },
    stranded: {
      id: 'stranded',
      initial: 'deciding',
      states: {
        deciding: {
          always: [{ guard: 'hasAttemptsLeft', target: 'waiting', actions: 'countAttempt' }, { target: 'givenUp' }],
        },
        waiting: { after: { retryDelay: { target: '#returning' } } },
        givenUp: {
          tags: 'terminal',
          on: { RETURN: { target: '#returning', actions: 'recordReturnRequest' } },
        },
      },
    },
    abandoning: {
      id: 'abandoning',
      invoke: {
        src: 'abandon',
        onDone: { target: 'refused' },
        onError: { target: 'refused' },
      },
      after: { returnDeadline: { target: 'refused' } },
    },
    refused: { type: 'final', tags: 'terminal' },
    restored: { id: 'restored', type: 'final', tags: 'terminal' },
  },
});
