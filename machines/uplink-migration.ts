import { fromPromise, setup } from 'xstate';
import type { ForwardStep, RollbackStep } from '../src/domain/plan.ts';
import { altnameGuard } from './altname-guard.ts';
import { linkOwnership } from './link-ownership.ts';
import { ovsReadiness } from './ovs-readiness.ts';
import { unprovided } from './unprovided.ts';
import type {
  Assessment,
  MigrationContext,
  MigrationEvent,
  MigrationInput,
  StepReport,
  Takeover,
} from './uplink-migration-types.ts';

/**
 * Moves the uplink onto the bridge, or puts everything back.
 *
 * Promises: nothing is changed before a guard is armed and the journal is on disk. Every state that changes something, or waits for a change to
 * show, has an error transition, a deadline and an ABORT transition into the state of `rollingBack` that undoes exactly what was done so far;
 * each of those looks at the host, not at memory, so the way back is right from any state, also in another process. `committed` is reached
 * only after the host showed what was planned, the probes that passed before pass again and the guard was sent away. `rolledBack` is reached
 * only after the host was compared with the snapshot. A way back that fails ends in `stranded`, which tries again and says what a person must do.
 *
 * The guard is another process, which takes the way back when this one dies or hangs. Without one nothing is begun: lost while it is being
 * prepared, the run goes back. Lost from the cutover on, the run goes on, because to go back then takes as long as to finish, unguarded, too.
 * A way back goes on without a guard where none can be had: it must not be kept from happening.
 */
export const uplinkMigration = setup({
  types: {
    input: {} as MigrationInput,
    context: {} as MigrationContext,
    events: {} as MigrationEvent,
    tags: {} as 'terminal',
  },
  actors: {
    takeOver: fromPromise<Takeover>(unprovided),
    armGuard: fromPromise<void>(unprovided),
    disarmGuard: fromPromise<void>(unprovided),
    assess: fromPromise<Assessment>(unprovided),
    ovsReadiness,
    altnameGuard,
    linkOwnership,
    acquireLock: fromPromise<void>(unprovided),
    writeJournal: fromPromise<Assessment>(unprovided),
    forwardStep: fromPromise<StepReport, { readonly step: ForwardStep }>(unprovided),
    rollbackStep: fromPromise<StepReport, { readonly step: RollbackStep }>(unprovided),
    bumpConfiguration: fromPromise<number>(unprovided),
    announce: fromPromise<void>(unprovided),
    compareWithPlan: fromPromise<void>(unprovided),
    runProbes: fromPromise<void>(unprovided),
    openConfirmWindow: fromPromise<void>(unprovided),
    commitJournal: fromPromise<void>(unprovided),
    compareWithSnapshot: fromPromise<StepReport>(unprovided),
    closeJournal: fromPromise<void>(unprovided),
    abandon: fromPromise<void>(unprovided),
  },
  guards: {
    resumesAt: (_, _params: { readonly entry: MigrationInput['entry'] }) => unprovided(),
    isSettledMeanwhile: unprovided,
    isRefused: unprovided,
    isAlreadyDone: unprovided,
    isReady: unprovided,
    hasOwners: unprovided,
    hasHandOver: unprovided,
    isHostPortStanding: unprovided,
    isNameFreeAgain: unprovided,
    hasFatalHostPortError: unprovided,
    areAddressesUsable: unprovided,
    hasFailedAddress: unprovided,
    isUplinkAttached: unprovided,
    hasFatalUplinkError: unprovided,
    isUplink: unprovided,
    isUplinkWithoutCarrier: unprovided,
    isSnapshotAddress: unprovided,
    needsConfirmation: unprovided,
    hasAttemptsLeft: unprovided,
  },
  actions: {
    observeLink: unprovided,
    observeRemoval: unprovided,
    observeAddress: unprovided,
    observeFacts: unprovided,
    tellReadiness: unprovided,
    tellAltnameGuard: unprovided,
    tellLinkOwnership: unprovided,
    recordAssessment: unprovided,
    recordRefusal: unprovided,
    recordNotReady: unprovided,
    recordStep: unprovided,
    recordNudge: unprovided,
    recordRollbackStep: unprovided,
    recordRestoreRequest: unprovided,
    countAttempt: unprovided,
    recordFailure: unprovided,
    recordDeadline: unprovided,
    recordAbort: unprovided,
    recordInterfaceError: unprovided,
    recordFailedAddress: unprovided,
    recordLinkGone: unprovided,
    recordCarrierLost: unprovided,
    recordForeignRemoval: unprovided,
    recordStranding: unprovided,
    recordUnguarded: unprovided,
    recordAlreadyDone: unprovided,
  },
  delays: {
    assessDeadline: unprovided,
    armDeadline: unprovided,
    disarmDeadline: unprovided,
    gateDeadline: unprovided,
    stepDeadline: unprovided,
    probeDeadline: unprovided,
    confirmDeadline: unprovided,
    rollbackDeadline: unprovided,
    retryDelay: unprovided,
  },
}).createMachine({
  id: 'uplink-migration',
  context: ({ input }) => ({
    ...input,
    findings: [],
    observed: { uplink: null, hostPort: null, addresses: [], ovs: null },
    awaitedCfg: null,
    failure: null,
    failedIn: null,
    nudges: 0,
    stranding: null,
    attempts: 0,
    pendingRows: false,
    alreadyDone: false,
    repairing: false,
    restoring: false,
    unguarded: null,
  }),
  initial: 'entering',
  on: {
    'netlink.link.changed': { actions: 'observeLink' },
    'netlink.link.removed': { actions: 'observeRemoval' },
    'netlink.address.changed': { actions: 'observeAddress' },
    'netlink.address.removed': { actions: 'observeAddress' },
    'ovsdb.facts.changed': { actions: 'observeFacts' },
    'engine.guard.lost': { actions: 'recordUnguarded' },
  },
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
          { guard: 'isSettledMeanwhile', target: 'rolledBack', actions: 'recordAlreadyDone' },
          { target: 'rearming' },
        ],
        onError: { target: 'refused', actions: 'recordFailure' },
      },
      after: { assessDeadline: { target: 'refused', actions: 'recordDeadline' } },
      on: {
        ABORT: { target: 'refused', actions: 'recordAbort' },
        'engine.lock.lost': { target: 'refused', actions: 'recordFailure' },
      },
    },
    rearming: {
      invoke: {
        src: 'armGuard',
        onDone: { target: 'resuming' },
        onError: { target: 'resuming', actions: 'recordUnguarded' },
      },
      after: { stepDeadline: { target: 'resuming', actions: 'recordUnguarded' } },
      on: {
        ABORT: { target: 'refused', actions: 'recordAbort' },
        'engine.lock.lost': { target: 'rollingBack', actions: 'recordFailure' },
      },
    },
    resuming: {
      always: [
        { guard: { type: 'resumesAt', params: { entry: 'committed' } }, target: 'committed' },
        { guard: { type: 'resumesAt', params: { entry: 'confirming' } }, target: 'confirming' },
        { guard: { type: 'resumesAt', params: { entry: 'verifying' } }, target: 'verifying' },
        { target: 'rollingBack' },
      ],
    },
    assessing: {
      invoke: {
        src: 'assess',
        onDone: [
          { guard: 'isRefused', target: 'refused', actions: ['recordAssessment', 'recordRefusal'] },
          { guard: 'isAlreadyDone', target: 'committed', actions: 'recordAssessment' },
          { target: 'gating', actions: 'recordAssessment' },
        ],
        onError: { target: 'refused', actions: 'recordFailure' },
      },
      after: { assessDeadline: { target: 'refused', actions: 'recordDeadline' } },
      on: { ABORT: { target: 'refused', actions: 'recordAbort' } },
    },
    gating: {
      invoke: {
        id: 'ovsReadiness',
        src: 'ovsReadiness',
        input: ({ context }) => ({
          bridge: context.plan?.bridge.create === false ? context.plan.bridge.name : null,
          once: true,
          deadlineMs: context.request.deadlines.gateMs,
          clearFlowRestoreWait: context.request.clearFlowRestoreWait === true,
        }),
        onDone: [
          { guard: 'isReady', target: 'preparing' },
          { target: 'refused', actions: 'recordNotReady' },
        ],
        onError: { target: 'refused', actions: 'recordFailure' },
      },
      after: { gateDeadline: { target: 'refused', actions: 'recordDeadline' } },
      on: {
        ABORT: { target: 'refused', actions: 'recordAbort' },
        'ovsdb.facts.changed': { actions: ['observeFacts', 'tellReadiness'] },
        'ovsdb.connection.opened': { actions: 'tellReadiness' },
        'ovsdb.connection.lost': { actions: 'tellReadiness' },
      },
    },
    preparing: {
      initial: 'locking',
      on: {
        'engine.guard.lost': { target: 'abandoning', actions: 'recordFailure' },
        'engine.lock.lost': { target: 'abandoning', actions: 'recordFailure' },
      },
      states: {
        locking: {
          invoke: {
            src: 'acquireLock',
            onDone: { target: 'armingGuard' },
            onError: { target: '#abandoning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#abandoning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#abandoning', actions: 'recordAbort' } },
        },
        // Before the journal: that shall be the host as it is at the first change, and a guard without a journal has nothing to do.
        armingGuard: {
          invoke: {
            src: 'armGuard',
            onDone: { target: 'writingJournal' },
            onError: { target: '#abandoning', actions: 'recordFailure' },
          },
          after: { armDeadline: { target: '#abandoning', actions: 'recordDeadline' } },
          on: {
            ABORT: { target: '#abandoning', actions: 'recordAbort' },
          },
        },
        writingJournal: {
          invoke: {
            src: 'writeJournal',
            onDone: [
              { guard: 'isRefused', target: '#abandoning', actions: ['recordAssessment', 'recordRefusal'] },
              { target: 'standing', actions: 'recordAssessment' },
            ],
            onError: { target: '#abandoning', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#abandoning', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#abandoning', actions: 'recordAbort' } },
        },
        standing: {
          invoke: [
            {
              id: 'altnameGuard',
              src: 'altnameGuard',
              input: ({ context }) => ({
                linkIndex: context.plan?.uplinkIndex ?? 0,
                name: context.plan?.names.hostPort ?? null,
                link: context.observed.uplink,
              }),
              onError: { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
            },
            {
              id: 'linkOwnership',
              src: 'linkOwnership',
              input: ({ context }) => ({
                linkIndex: context.plan?.uplinkIndex ?? 0,
                released: context.plan?.owners?.release ?? [],
              }),
              onError: { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
            },
          ],
          on: {
            'owner.changed': { actions: 'tellLinkOwnership' },
            'netlink.link.removed': {
              guard: 'isUplink',
              target: '#rollingBack.removingHostPort',
              actions: ['observeRemoval', 'recordLinkGone'],
            },
            'netlink.link.changed': [
              {
                guard: 'isUplinkWithoutCarrier',
                target: '#rollingBack.removingHostPort',
                actions: ['observeLink', 'recordCarrierLost'],
              },
              { actions: ['observeLink', 'tellAltnameGuard'] },
            ],
            'engine.lock.lost': { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
            'engine.guard.lost': { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
            'netlink.address.removed': {
              guard: 'isSnapshotAddress',
              target: '#rollingBack.removingHostPort',
              actions: 'recordForeignRemoval',
            },
          },
          initial: 'facingOwners',
          states: {
            facingOwners: {
              always: [{ guard: 'hasOwners', target: 'releasingOwners' }, { target: 'renamingUplink' }],
            },
            releasingOwners: {
              invoke: {
                src: 'forwardStep',
                input: { step: 'releasingOwners' },
                onDone: { target: 'renamingUplink', actions: 'recordStep' },
                onError: { target: '#rollingBack.restoringLink', actions: 'recordFailure' },
              },
              after: { stepDeadline: { target: '#rollingBack.restoringLink', actions: 'recordDeadline' } },
              on: {
                // Who lets go may take its addresses along: the step puts them back.
                'netlink.address.removed': { actions: 'observeAddress' },
                ABORT: { target: '#rollingBack.restoringLink', actions: 'recordAbort' },
              },
            },
            renamingUplink: {
              invoke: {
                src: 'forwardStep',
                input: { step: 'renamingUplink' },
                onDone: { target: 'makingHostPort', actions: 'recordStep' },
                onError: { target: '#rollingBack.restoringName', actions: 'recordFailure' },
              },
              after: { stepDeadline: { target: '#rollingBack.restoringName', actions: 'recordDeadline' } },
              on: {
                'netlink.link.changed': { actions: ['observeLink', 'tellAltnameGuard'] },
                'netlink.address.removed': { actions: 'observeAddress' },
                ABORT: { target: '#rollingBack.restoringName', actions: 'recordAbort' },
              },
            },
            makingHostPort: {
              invoke: {
                src: 'forwardStep',
                input: { step: 'makingHostPort' },
                onDone: { target: 'awaitingHostPort', actions: 'recordStep' },
                onError: { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
              },
              after: { stepDeadline: { target: '#rollingBack.removingHostPort', actions: 'recordDeadline' } },
              on: { ABORT: { target: '#rollingBack.removingHostPort', actions: 'recordAbort' } },
            },
            awaitingHostPort: {
              initial: 'waiting',
              after: { stepDeadline: { target: '#rollingBack.removingHostPort', actions: 'recordDeadline' } },
              on: { ABORT: { target: '#rollingBack.removingHostPort', actions: 'recordAbort' } },
              states: {
                waiting: {
                  always: [
                    { guard: 'isHostPortStanding', target: '#configuringHostPort' },
                    {
                      guard: 'hasFatalHostPortError',
                      target: '#rollingBack.removingHostPort',
                      actions: 'recordInterfaceError',
                    },
                    { guard: 'isNameFreeAgain', target: 'nudging' },
                  ],
                },
                // The name was taken when ovs-vswitchd tried; it is free now, but only a change of its configuration makes it try again.
                nudging: {
                  invoke: {
                    src: 'bumpConfiguration',
                    onDone: { target: 'waiting', actions: 'recordNudge' },
                    onError: { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
                  },
                },
              },
            },
            configuringHostPort: {
              id: 'configuringHostPort',
              invoke: {
                src: 'forwardStep',
                input: { step: 'configuringHostPort' },
                onDone: { target: 'addressingHostPort', actions: 'recordStep' },
                onError: { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
              },
              after: { stepDeadline: { target: '#rollingBack.removingHostPort', actions: 'recordDeadline' } },
              on: { ABORT: { target: '#rollingBack.removingHostPort', actions: 'recordAbort' } },
            },
            addressingHostPort: {
              invoke: {
                src: 'forwardStep',
                input: { step: 'addressingHostPort' },
                onDone: { target: 'awaitingAddresses', actions: 'recordStep' },
                onError: { target: '#rollingBack.removingHostPort', actions: 'recordFailure' },
              },
              after: { stepDeadline: { target: '#rollingBack.removingHostPort', actions: 'recordDeadline' } },
              on: { ABORT: { target: '#rollingBack.removingHostPort', actions: 'recordAbort' } },
            },
            awaitingAddresses: {
              always: [
                { guard: 'areAddressesUsable', target: '#cuttingOver' },
                { guard: 'hasFailedAddress', target: '#rollingBack.removingHostPort', actions: 'recordFailedAddress' },
              ],
              after: { stepDeadline: { target: '#rollingBack.removingHostPort', actions: 'recordDeadline' } },
              on: { ABORT: { target: '#rollingBack.removingHostPort', actions: 'recordAbort' } },
            },
          },
        },
      },
    },
    cuttingOver: {
      id: 'cuttingOver',
      on: {
        'netlink.link.removed': {
          guard: 'isUplink',
          target: '#rollingBack.restoringUplinkAddresses',
          actions: ['observeRemoval', 'recordLinkGone'],
        },
        'netlink.link.changed': {
          guard: 'isUplinkWithoutCarrier',
          target: '#rollingBack.restoringUplinkAddresses',
          actions: ['observeLink', 'recordCarrierLost'],
        },
        'engine.lock.lost': { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
      },
      initial: 'attachingUplink',
      states: {
        attachingUplink: {
          invoke: {
            src: 'forwardStep',
            input: { step: 'attachingUplink' },
            onDone: { target: 'awaitingUplink', actions: 'recordStep' },
            onError: { target: '#rollingBack.detachingUplink', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.detachingUplink', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.detachingUplink', actions: 'recordAbort' } },
        },
        awaitingUplink: {
          always: [
            { guard: 'isUplinkAttached', target: 'mutingUplink' },
            { guard: 'hasFatalUplinkError', target: '#rollingBack.detachingUplink', actions: 'recordInterfaceError' },
          ],
          after: { stepDeadline: { target: '#rollingBack.detachingUplink', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.detachingUplink', actions: 'recordAbort' } },
        },
        mutingUplink: {
          invoke: {
            src: 'forwardStep',
            input: { step: 'mutingUplink' },
            onDone: { target: 'switchingRoutes', actions: 'recordStep' },
            onError: { target: '#rollingBack.unmutingUplink', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.unmutingUplink', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.unmutingUplink', actions: 'recordAbort' } },
        },
        switchingRoutes: {
          invoke: {
            src: 'forwardStep',
            input: { step: 'switchingRoutes' },
            onDone: { target: 'removingUplinkAddresses', actions: 'recordStep' },
            onError: { target: '#rollingBack.restoringRoutes', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.restoringRoutes', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.restoringRoutes', actions: 'recordAbort' } },
        },
        removingUplinkAddresses: {
          invoke: {
            src: 'forwardStep',
            input: { step: 'removingUplinkAddresses' },
            onDone: { target: 'facingHandOver', actions: 'recordStep' },
            onError: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordAbort' } },
        },
        facingHandOver: {
          always: [{ guard: 'hasHandOver', target: 'handingOver' }, { target: '#verifying' }],
        },
        handingOver: {
          invoke: {
            src: 'forwardStep',
            input: { step: 'handingOver' },
            onDone: { target: '#verifying', actions: 'recordStep' },
            onError: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordAbort' } },
        },
      },
    },
    verifying: {
      id: 'verifying',
      on: {
        'netlink.link.removed': {
          guard: 'isUplink',
          target: '#rollingBack.restoringUplinkAddresses',
          actions: ['observeRemoval', 'recordLinkGone'],
        },
        'netlink.link.changed': {
          guard: 'isUplinkWithoutCarrier',
          target: '#rollingBack.restoringUplinkAddresses',
          actions: ['observeLink', 'recordCarrierLost'],
        },
        'engine.lock.lost': { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
      },
      initial: 'announcing',
      states: {
        announcing: {
          invoke: {
            src: 'announce',
            onDone: { target: 'comparing' },
            onError: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordAbort' } },
        },
        comparing: {
          invoke: {
            src: 'compareWithPlan',
            onDone: { target: 'probing' },
            onError: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
          },
          after: { stepDeadline: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordAbort' } },
        },
        probing: {
          invoke: {
            src: 'runProbes',
            onDone: { target: '#deciding' },
            onError: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordFailure' },
          },
          after: { probeDeadline: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordDeadline' } },
          on: { ABORT: { target: '#rollingBack.restoringUplinkAddresses', actions: 'recordAbort' } },
        },
      },
    },
    deciding: {
      id: 'deciding',
      always: [{ guard: 'needsConfirmation', target: 'confirming' }, { target: 'committing' }],
    },
    confirming: {
      invoke: {
        src: 'openConfirmWindow',
        onError: { target: '#rollingBack', actions: 'recordFailure' },
      },
      after: { confirmDeadline: { target: 'rollingBack', actions: 'recordDeadline' } },
      on: {
        CONFIRM: { target: 'committing' },
        ABORT: { target: 'rollingBack', actions: 'recordAbort' },
        'netlink.link.removed': {
          guard: 'isUplink',
          target: 'rollingBack',
          actions: ['observeRemoval', 'recordLinkGone'],
        },
        'engine.lock.lost': { target: 'rollingBack', actions: 'recordFailure' },
      },
    },
    committing: {
      invoke: {
        src: 'commitJournal',
        onDone: { target: 'disarmingGuard' },
        onError: { target: 'rollingBack', actions: 'recordFailure' },
      },
      after: { stepDeadline: { target: 'rollingBack', actions: 'recordDeadline' } },
    },
    // The journal says committed: a guard that cannot be proven to be gone leaves the host alone all the same.
    disarmingGuard: {
      invoke: {
        src: 'disarmGuard',
        onDone: { target: 'committed' },
        onError: { target: 'committed', actions: 'recordUnguarded' },
      },
      after: { disarmDeadline: { target: 'committed', actions: 'recordUnguarded' } },
    },
    committed: {
      tags: 'terminal',
      on: { RESTORE: { target: 'rollingBack', actions: 'recordRestoreRequest' } },
    },
    rollingBack: {
      id: 'rollingBack',
      initial: 'restoringUplinkAddresses',
      states: {
        restoringUplinkAddresses: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'restoringUplinkAddresses' },
            onDone: { target: 'restoringRoutes', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        restoringRoutes: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'restoringRoutes' },
            onDone: { target: 'unmutingUplink', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        unmutingUplink: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'unmutingUplink' },
            onDone: { target: 'detachingUplink', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        detachingUplink: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'detachingUplink' },
            onDone: { target: 'removingHostPort', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        removingHostPort: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'removingHostPort' },
            onDone: { target: 'restoringName', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        restoringName: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'restoringName' },
            onDone: { target: 'restoringLink', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        restoringLink: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'restoringLink' },
            onDone: { target: 'returningOwners', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        returningOwners: {
          invoke: {
            src: 'rollbackStep',
            input: { step: 'returningOwners' },
            onDone: { target: 'comparingWithSnapshot', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        comparingWithSnapshot: {
          invoke: {
            src: 'compareWithSnapshot',
            onDone: { target: 'closingJournal', actions: 'recordRollbackStep' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
        },
        closingJournal: {
          invoke: {
            src: 'closeJournal',
            onDone: { target: '#rolledBack' },
            onError: { target: '#stranded', actions: 'recordStranding' },
          },
          after: { rollbackDeadline: { target: '#stranded', actions: 'recordStranding' } },
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
        waiting: { after: { retryDelay: { target: '#rollingBack' } } },
        givenUp: {
          tags: 'terminal',
          on: { RESTORE: { target: '#rollingBack', actions: 'recordRestoreRequest' } },
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
      after: { rollbackDeadline: { target: 'refused' } },
    },
    refused: { type: 'final', tags: 'terminal' },
    rolledBack: { id: 'rolledBack', type: 'final', tags: 'terminal' },
  },
});
