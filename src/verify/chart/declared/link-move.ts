import type { MoveEntry } from '../../../../machines/link-move-types.ts';
import type { MoveStep, ReturnStep } from '../../../domain/move/plan.ts';
import { MOVE_STEPS, RETURN_STEPS } from '../../../domain/move/plan.ts';
import type { ChartDeclarations } from '../declarations.ts';
import { NOTHING_DECLARED } from '../declarations.ts';

/** What undoes each step of the way there. */
const INVERSES: Readonly<Record<MoveStep, readonly ReturnStep[]>> = {
  // The kernel takes a link down to move it, and everything off it.
  moving: ['bringingHome', 'restoringName', 'restoringLink'],
  configuring: ['bringingHome'],
};

/** Where a resumed run goes on; the type keeps this complete. */
const ENTRIES: Readonly<Record<MoveEntry, string>> = {
  assessing: 'assessing',
  inUse: 'inUse',
  returning: 'returning',
};

/** What the proofs of link-move must be told. */
export const LINK_MOVE: ChartDeclarations = {
  ...NOTHING_DECLARED,
  exceptions: [
    {
      rule: 'failure-unanswered',
      state: 'leaving.committing',
      about: 'ABORT',
      reason: 'the decision has fallen and is one write to the disk away; from then on RETURN is the way back',
    },
  ],
  terminalEvents: {
    inUse: { RETURN: 'recordReturnRequest' },
    'stranded.givenUp': { RETURN: 'recordReturnRequest' },
  },
  goals: { '': 'inUse', returning: 'restored', stranded: 'restored', abandoning: 'refused' },
  pauses: ['retryDelay'],
  boundedGuards: [
    {
      guard: 'hasAttemptsLeft',
      counts: 'countAttempt',
      resets: ['recordReturnRequest'],
      reason: 'attempts only grows, and maxAttempts is a constant of the run',
    },
  ],
  results: {
    takeOver: 'recordTakeOver',
    assess: 'recordAssessment',
    writeJournal: 'recordAssessment',
    returnStep: 'recordReturnStep',
  },
  failures: [
    { name: 'error', on: { kind: 'error' }, within: 'work', leadsTo: [], records: ['recordFailure'] },
    { name: 'deadline', on: { kind: 'deadline' }, within: 'work', leadsTo: [], records: ['recordDeadline'] },
    {
      name: 'ABORT',
      on: { kind: 'event', event: 'ABORT', guard: null },
      within: 'work',
      leadsTo: [],
      records: ['recordAbort'],
    },
    {
      name: 'refused',
      on: { kind: 'condition', guards: ['isRefused'] },
      within: 'heard',
      leadsTo: [],
      records: ['recordAssessment'],
    },
  ],
  recordsInstead: {
    returning: 'recordStranding',
    // What led here is recorded already.
    abandoning: null,
  },
  verdicts: { assess: ['isRefused', 'isAlreadyDone'], writeJournal: ['isRefused'] },
  requirements: [
    { name: 'before the first change', state: null, done: ['acquireLock', 'writeJournal'], sinceChange: false },
    { name: 'before in use', state: 'inUse', done: ['compareWithPlan', 'commitJournal'], sinceChange: true },
  ],
  resume: { guard: 'resumesAt', parameter: 'entry', inheritsBy: 'takeOver', entries: ENTRIES },
  wayBack: {
    part: 'returning',
    end: 'restored',
    stranded: 'stranded',
    // From the lock on there is something to give back.
    giveUp: { '': 'refused', preparing: 'abandoning' },
    forwardActor: 'moveStep',
    rollbackActor: 'returnStep',
    forwardSteps: MOVE_STEPS,
    rollbackSteps: RETURN_STEPS,
    optionalSteps: {},
    inverses: INVERSES,
    closing: ['compareWithSnapshot', 'closeJournal'],
  },
};
