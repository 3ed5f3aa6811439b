import type { AnyStateMachine } from 'xstate';
import { altnameGuard } from '../../../machines/altname-guard.ts';
import { linkMove } from '../../../machines/link-move.ts';
import { ovsReadiness } from '../../../machines/ovs-readiness.ts';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import type { CoverageReport } from './coverage.ts';
import { coverableOf, guardOutcome } from './coverage.ts';

/** Why a simulated run does not take a transition, and where it is shown instead. One that is taken all the same is an error. */
const EXPLAINED: Readonly<Record<string, string>> = Object.fromEntries(
  [
    {
      why: 'needs another process that puts the host back between our reading of the journal and our lock; test/engine/two-restores.test.ts',
      what: [
        'uplink-migration.takingOver done [isSettledMeanwhile] -> rolledBack',
        'uplink-migration isSettledMeanwhile: true',
      ],
    },
    {
      why: 'the invoked chart has no failing end of its own: a guard against a defect',
      what: [
        'uplink-migration.gating error -> uplink-migration.refused',
        'uplink-migration.preparing.standing error -> uplink-migration.rollingBack.removingHostPort',
      ],
    },
    {
      why: "the gate's own deadline is a second shorter, and says what was missing",
      what: ['uplink-migration.gating after.gateDeadline -> uplink-migration.refused'],
    },
    {
      why: 'addresses are added without duplicate address detection, so they are usable at once',
      what: [
        'uplink-migration.preparing.standing.awaitingAddresses after.stepDeadline -> uplink-migration.rollingBack.removingHostPort',
      ],
    },
    {
      why: 'needs somebody who adds an address with duplicate address detection just then; fixtures/scenarios/addresses/duplicate-address-ends-the-preparation.yaml',
      what: [
        'uplink-migration.preparing.standing.awaitingAddresses always [hasFailedAddress] -> uplink-migration.rollingBack.removingHostPort',
        'uplink-migration hasFailedAddress: true',
      ],
    },
    {
      why: 'a link that goes loses its carrier first, and that is heard first',
      what: [
        'cuttingOver netlink.link.removed [isUplink] -> uplink-migration.rollingBack.restoringUplinkAddresses',
        'verifying netlink.link.removed [isUplink] -> uplink-migration.rollingBack.restoringUplinkAddresses',
      ],
    },
    {
      why: 'a run ends at givenUp, and the next one begins anew; for an agent that keeps its chart',
      what: ['uplink-migration.stranded.givenUp RESTORE -> rollingBack'],
    },
    {
      why: 'a loss of the connection is told before the failure that it causes, and leads back to connecting by itself',
      what: [
        'ovs-readiness.waiting.reconnecting ovsdb.connection.opened -> ovs-readiness.waiting.connecting',
        'ovs-readiness.waiting.clearingFlowRestore error [hasLostConnection] -> ovs-readiness.waiting.reconnecting',
      ],
    },
    {
      why: 'needs somebody who sets it again each time; fixtures/scenarios/machines/flow-restore-wait-that-another-sets-again.yaml',
      what: ['ovs-readiness.waiting.awaitingFlowRestore always [isFlowRestoreKept] -> ovs-readiness.notReady'],
    },
    {
      why: 'a migration asks once; for those who watch readiness; test/engine/readiness.test.ts',
      what: [
        'ovs-readiness.ready ovsdb.facts.changed -> ',
        'ovs-readiness.ready ovsdb.connection.lost -> ovs-readiness.waiting',
      ],
    },
    {
      why: 'needs a boot between two processes; fixtures/scenarios/machines/moved-link-of-an-earlier-boot.yaml',
      what: ['link-move.takingOver done [isOver] -> restored', 'link-move isOver: true'],
    },
    {
      why: 'what hangs before the first change ends by itself before; fixtures/scenarios/machines/deadline-before-a-link-moves.yaml',
      what: ['link-move.assessing after.assessDeadline -> link-move.refused'],
    },
    {
      why: 'so does what hangs there; fixtures/scenarios/machines/deadline-while-a-journal-is-taken-over.yaml',
      what: ['link-move.takingOver after.assessDeadline -> link-move.refused'],
    },
    {
      why: 'the lock of a simulated folder is had or not, at once; fixtures/scenarios/machines/deadline-before-a-link-moves.yaml',
      what: ['link-move.preparing.locking after.stepDeadline -> abandoning'],
    },
    {
      why: 'a run ends at givenUp, and the next one begins anew; fixtures/scenarios/machines/stranded-link-is-asked-for-again.yaml',
      what: ['link-move.stranded.givenUp RETURN -> returning'],
    },
  ].flatMap(({ what, why }) => what.map(one => [one, why])),
);

/** How much of one chart was taken. */
export interface ChartCoverage {
  readonly chart: string;
  readonly states: number;
  readonly statesTaken: number;
  readonly transitions: number;
  readonly transitionsTaken: number;
  /** Answers of guards: each can be yes and no. Only of charts whose guards are watched. */
  readonly outcomes: number;
  readonly outcomesTaken: number;
  /** Never taken, and nobody says why. */
  readonly missing: readonly string[];
  /** Never taken, with the reason. */
  readonly explained: readonly { readonly what: string; readonly why: string }[];
  /** Explained, but taken: the explanation is wrong by now. */
  readonly unneeded: readonly string[];
}

/** Explanations of what no chart has: a state or guard was renamed. Empty when all is well. */
export function strangeExplanations(): readonly string[] {
  const known = new Set(
    CHARTS.flatMap(machine => [...coverableOf(machine).states, ...coverableOf(machine).transitions]),
  );
  for (const outcome of WATCHED.flatMap(outcomesOf)) known.add(outcome);
  return Object.keys(EXPLAINED).filter(what => !known.has(what));
}

const CHARTS: readonly AnyStateMachine[] = [uplinkMigration, ovsReadiness, altnameGuard, linkMove];
/** Of which the answers of guards are noted. */
const WATCHED: readonly AnyStateMachine[] = [uplinkMigration, linkMove];

function outcomesOf(machine: AnyStateMachine): readonly string[] {
  return Object.keys(machine.implementations.guards).flatMap(guard =>
    [true, false].map(answer => guardOutcome(machine.id, guard, answer)),
  );
}

/** Lays what was taken beside what there is, for every chart that exploration runs. */
export function neverTaken(taken: CoverageReport): readonly ChartCoverage[] {
  return CHARTS.map(machine => {
    const all = coverableOf(machine);
    const outcomes = WATCHED.includes(machine) ? outcomesOf(machine) : [];
    const parts = [
      { all: all.states, taken: new Set(taken.states) },
      { all: all.transitions, taken: new Set(taken.transitions) },
      { all: outcomes, taken: new Set(taken.guards) },
    ] as const;
    const counts = parts.map(part => part.all.filter(what => part.taken.has(what)).length);
    const open = parts.flatMap(part => part.all.filter(what => !part.taken.has(what)));
    const done = parts.flatMap(part => part.all.filter(what => part.taken.has(what)));
    return {
      chart: machine.id,
      states: all.states.length,
      statesTaken: counts[0] ?? 0,
      transitions: all.transitions.length,
      transitionsTaken: counts[1] ?? 0,
      outcomes: outcomes.length,
      outcomesTaken: counts[2] ?? 0,
      missing: open.filter(what => EXPLAINED[what] === undefined),
      explained: open.flatMap(what => {
        const why = EXPLAINED[what];
        return why === undefined ? [] : [{ what, why }];
      }),
      unneeded: done.filter(what => EXPLAINED[what] !== undefined),
    };
  });
}
