import type { MigrationEntry } from '../../../../machines/uplink-migration-types.ts';
import type { ForwardStep, RollbackStep } from '../../../domain/plan.ts';
import { FORWARD_STEPS, ROLLBACK_STEPS } from '../../../domain/plan.ts';
import type { ChartDeclarations } from '../declarations.ts';
import { NOTHING_DECLARED } from '../declarations.ts';
import { MIGRATION_EXCEPTIONS } from './uplink-migration-exceptions.ts';

/** What undoes each forward step. */
const INVERSES: Readonly<Record<ForwardStep, readonly RollbackStep[]>> = {
  // Whoever lets go may take along what it had configured: that comes back with `restoringLink`.
  releasingOwners: ['restoringLink', 'returningOwners'],
  // A rename takes altnames along, and on an old kernel the link goes down for it: what was lost comes back with `restoringLink`.
  renamingUplink: ['restoringName', 'restoringLink'],
  // The host port goes, and all that was put on it.
  makingHostPort: ['removingHostPort'],
  configuringHostPort: ['removingHostPort'],
  addressingHostPort: ['removingHostPort'],
  attachingUplink: ['detachingUplink'],
  mutingUplink: ['unmutingUplink'],
  switchingRoutes: ['restoringRoutes'],
  removingUplinkAddresses: ['restoringUplinkAddresses'],
  handingOver: ['returningOwners'],
};

/** Where a resumed run goes on; the type keeps this complete. */
const ENTRIES: Readonly<Record<MigrationEntry, string>> = {
  assessing: 'assessing',
  verifying: 'verifying',
  confirming: 'confirming',
  committed: 'committed',
  rollingBack: 'rollingBack',
};

/** What the proofs of uplink-migration must be told. */
export const UPLINK_MIGRATION: ChartDeclarations = {
  ...NOTHING_DECLARED,
  exceptions: MIGRATION_EXCEPTIONS,
  terminalEvents: {
    committed: { RESTORE: 'recordRestoreRequest' },
    'stranded.givenUp': { RESTORE: 'recordRestoreRequest' },
  },
  goals: { '': 'committed', rollingBack: 'rolledBack', stranded: 'rolledBack', abandoning: 'refused' },
  pauses: ['retryDelay'],
  boundedGuards: [
    {
      guard: 'hasAttemptsLeft',
      counts: 'countAttempt',
      resets: ['recordRestoreRequest'],
      reason: 'attempts only grows, and maxAttempts is a constant of the run',
    },
    {
      guard: 'isNameFreeAgain',
      counts: 'recordNudge',
      resets: [],
      reason: 'nudges only grows, and the guard is false from a constant number on',
    },
  ],
  noted: {
    'netlink.link.changed': 'observeLink',
    'netlink.link.removed': 'observeRemoval',
    'netlink.address.changed': 'observeAddress',
    'netlink.address.removed': 'observeAddress',
    'ovsdb.facts.changed': 'observeFacts',
    'engine.guard.lost': 'recordUnguarded',
  },
  results: {
    assess: 'recordAssessment',
    writeJournal: 'recordAssessment',
    forwardStep: 'recordStep',
    bumpConfiguration: 'recordNudge',
    rollbackStep: 'recordRollbackStep',
    compareWithSnapshot: 'recordRollbackStep',
  },
  forwarders: { tellReadiness: 'ovsReadiness', tellAltnameGuard: 'altnameGuard', tellLinkOwnership: 'linkOwnership' },
  failures: [
    { name: 'error', on: { kind: 'error' }, within: 'work', leadsTo: [], records: ['recordFailure'] },
    { name: 'deadline', on: { kind: 'deadline' }, within: 'work', leadsTo: [], records: ['recordDeadline'] },
    event('ABORT', 'ABORT', null, 'work', 'recordAbort'),
    event('uplink removed', 'netlink.link.removed', 'isUplink', 'begun', 'recordLinkGone'),
    event('carrier lost', 'netlink.link.changed', 'isUplinkWithoutCarrier', 'begun', 'recordCarrierLost'),
    event('address taken away', 'netlink.address.removed', 'isSnapshotAddress', 'begun', 'recordForeignRemoval'),
    // From the moment that it can be lost.
    { ...event('lock lost', 'engine.lock.lost', null, 'begun', 'recordFailure'), alsoIn: ['preparing', 'takingOver'] },
    // Later the run goes on without: to go back would take as long as to finish, and be as unguarded.
    { ...event('guard lost', 'engine.guard.lost', null, 'heard', 'recordFailure'), alsoIn: ['preparing'] },
    condition('refused', ['isRefused'], 'recordRefusal'),
    condition('port refused', ['hasFatalHostPortError', 'hasFatalUplinkError'], 'recordInterfaceError'),
    condition('address in use', ['hasFailedAddress'], 'recordFailedAddress'),
  ],
  recordsInstead: {
    rollingBack: 'recordStranding',
    rearming: 'recordUnguarded',
    disarmingGuard: 'recordUnguarded',
    // What led here is recorded already.
    abandoning: null,
  },
  verdicts: {
    takeOver: ['isSettledMeanwhile'],
    assess: ['isRefused', 'isAlreadyDone'],
    writeJournal: ['isRefused'],
    ovsReadiness: ['isReady'],
  },
  requirements: [
    {
      name: 'before the first change',
      state: null,
      done: ['acquireLock', 'armGuard', 'writeJournal'],
      sinceChange: false,
    },
    {
      name: 'before committing',
      state: 'committed',
      done: ['announce', 'compareWithPlan', 'runProbes', 'commitJournal'],
      sinceChange: true,
    },
  ],
  resume: { guard: 'resumesAt', parameter: 'entry', inheritsBy: 'takeOver', entries: ENTRIES },
  wayBack: {
    part: 'rollingBack',
    end: 'rolledBack',
    stranded: 'stranded',
    // From the lock on there is something to give back.
    giveUp: { '': 'refused', preparing: 'abandoning' },
    forwardActor: 'forwardStep',
    rollbackActor: 'rollbackStep',
    forwardSteps: FORWARD_STEPS,
    rollbackSteps: ROLLBACK_STEPS,
    optionalSteps: { releasingOwners: 'hasOwners', handingOver: 'hasHandOver' },
    inverses: INVERSES,
    closing: ['compareWithSnapshot', 'closeJournal'],
  },
};

function event(
  name: string,
  type: string,
  guard: string | null,
  within: 'work' | 'begun' | 'heard',
  records: string,
): ChartDeclarations['failures'][number] {
  return { name, on: { kind: 'event', event: type, guard }, within, leadsTo: [], records: [records] };
}

function condition(name: string, guards: readonly string[], records: string): ChartDeclarations['failures'][number] {
  return { name, on: { kind: 'condition', guards }, within: 'heard', leadsTo: [], records: [records] };
}
