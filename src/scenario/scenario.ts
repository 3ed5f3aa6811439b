import type { Layout } from '../domain/layout.ts';
import type { Deadlines } from '../domain/request.ts';
import type { RecordedChild } from '../engine/flight/flight-line.ts';
import type { RunResult } from '../engine/run.ts';
import type { Failure } from '../errors.ts';
import type { HostDescription } from '../host/simulated/description/host-description.ts';
import type { MoveCase } from '../verify/explore/moves/move-case.ts';
import type { Actor } from './actor.ts';

/** One document in YAML: what happens, and what is expected of it. Plain data; every duration is in ms. */
export type Scenario = MachineScenario | HostScenario | MoveScenario | Recording;

export type ScenarioKind = Scenario['kind'];

/** Where a value stands in its file, from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What every kind has. */
export interface ScenarioHead {
  /** By behaviour, and the file's name without `.yaml`: `altname-comes-back-after-its-removal`. */
  readonly name: string;
  readonly title: string;
  /** Numbers of the catalogue of failures: `F-02`. */
  readonly failures: readonly string[];
  /** Where it happened to others: `antrea#6321`. */
  readonly upstream: readonly string[];
  /** The wrong behaviour that it guards against; null where nobody has said it. */
  readonly guards: string | null;
  /** The right one, in words. */
  readonly expected: string | null;
  readonly place: Place;
}

/** What a run on the namespace lab would need beside it; without `lab` a scenario is for the simulated host alone. */
export const NEEDS = ['lab', 'kernel-datapath', 'udev'] as const;
export type Need = (typeof NEEDS)[number];

/** A host, one or more runs on it, and what happens to them meanwhile. */
export interface HostScenario extends ScenarioHead {
  readonly kind: 'HostScenario';
  readonly needs: readonly Need[];
  readonly host: HostDescription;
  /** One process each, one after another. */
  readonly runs: readonly ScenarioRun[];
  readonly happens: readonly Happening[];
  /** Judged after the last run, once everything has come to rest. */
  readonly expect: HostExpectation;
  /** None of these is ever in the time line. */
  readonly never: readonly Pattern[];
  /** Each of these is in the time line, in any order. */
  readonly eventually: readonly Pattern[];
  /** Limit in virtual ms from the first run to the last end; null for none. */
  readonly withinMs: number | null;
}

/** A host, a link of it that goes into another network namespace and comes home, and what happens to it meanwhile. */
export interface MoveScenario extends ScenarioHead {
  readonly kind: 'MoveScenario';
  readonly host: HostDescription;
  /** As exploration runs it. */
  readonly planned: MoveCase;
  /** Results of the runs, in order; the last ones are those that end what still stands once the faults have stopped. */
  readonly ends: readonly string[];
  readonly endsPlace: Place;
}

/** `migrate` (the uplink and bridge of the host description unless said otherwise), `restore`, or `recover`. */
export type ScenarioRun = (
  | {
      readonly run: 'migrate';
      readonly layout: Layout;
      readonly bridge: string | null;
      readonly datapath: 'system' | 'netdev' | null;
      readonly confirmWithinMs: number | null;
      /** Answers the window as soon as it opens. */
      readonly confirm: boolean;
      readonly accept: readonly string[];
    }
  | { readonly run: 'restore'; readonly accept: readonly string[] }
  | { readonly run: 'recover' }
) & {
  readonly deadlines: Partial<Deadlines>;
  readonly expect: RunExpectation | null;
  readonly place: Place;
};

/** How a run ends; fields that are null are not looked at. */
export interface RunExpectation {
  /** `killed`: its process died; `none`: a `recover` that found nothing to do. */
  readonly result: RunResult | 'killed' | 'none' | null;
  readonly failure: Partial<Failure> | null;
  /** State in which it failed, or was killed. */
  readonly failedIn: string | null;
  /** Codes of findings that it tells, among others. */
  readonly findings: readonly string[];
  readonly alreadyDone: boolean | null;
  readonly place: Place;
}

/** When something happens: each is one moment of one scenario. */
export type Moment =
  /** The chart enters the state the nth time; a state names all below it: `cuttingOver`. */
  | { readonly state: string; readonly nth: number; readonly afterMs: number }
  /** Right before the nth operation of that name: `route.replace`, `journal.write cuttingOver`. */
  | { readonly operation: string; readonly nth: number; readonly afterMs: number }
  /** So long after the first run began. */
  | { readonly atMs: number };

/** A fault of one operation of ours, at its moment, or something that others do. */
export type Happening =
  | { readonly when: Moment; readonly fault: Fault; readonly place: Place }
  | { readonly when: Moment; readonly actor: Actor; readonly place: Place };

/** What goes wrong with the operation that {@link Happening.when} names. */
export type Fault =
  /** Not done, and said so: by the kernel (`errno`, perhaps with its own words), or by OVSDB (`error`). */
  | {
      readonly kind: 'refuse';
      readonly errno: string | null;
      readonly extAck: string | null;
      readonly error: string | null;
      /** So many operations of that name, from the nth on. */
      readonly times: number;
    }
  /** Done, but the answer never comes: the transport fails. */
  | { readonly kind: 'drop-answer' }
  /** Done so much later. */
  | { readonly kind: 'delay'; readonly byMs: number }
  /** No answer until the caller gives up. */
  | { readonly kind: 'hang' }
  /** The process dies right before or right after it. */
  | { readonly kind: 'kill'; readonly point: 'before' | 'after' };

/** The host at the end. Where something is null nobody looks. */
export interface HostExpectation {
  /** As before the first run, but for what the scenario's own actors did. */
  readonly sameAsBefore: boolean | null;
  /** Matched against the view of the host (see `host-view.ts`). */
  readonly host: Match | null;
  /** Whether each gateway answers. */
  readonly reachable: boolean | null;
  /** No moment without an answer of a gateway that answered before; not looked at on the lab, whose own probe counts. */
  readonly reachableThroughout: boolean;
  /** `I1` to `I7`, of which none is broken; all of them unless said otherwise. */
  readonly invariants: readonly string[];
  readonly place: Place;
}

/**
 * A part of some JSON. A mapping matches when each of its keys does; null matches what is not there. A list matches the same list; a mapping
 * with `has` or `lacks` matches a list that has, or has not, an element that matches each of these. A text between slashes is a pattern.
 */
export type Match = null | boolean | number | string | readonly Match[] | { readonly [key: string]: Match };

/** Something in the time line; all that is given must match. */
export interface Pattern {
  /** Entered; a state names all below it. */
  readonly state?: string;
  /** Operation of the engine: `route.remove`; or pattern between slashes over its text. */
  readonly effect?: string;
  /** Code of a failure that the run tells. */
  readonly failure?: string;
  /** Something that was waited for: its text, or a pattern between slashes. */
  readonly observed?: string;
  readonly place: Place;
}

/** One chart on its own: events in, states and context out; what it invokes answers as told. */
export interface MachineScenario extends ScenarioHead {
  readonly kind: 'MachineScenario';
  readonly machine: MachineName;
  /** Fields of the chart's input that differ from {@link machine}'s sample input. */
  readonly input: { readonly [key: string]: unknown };
  /** What invoked actors answer by themselves, by their name in the chart; those that are not named wait for an `answer` step. */
  readonly answers: { readonly [actor: string]: Answer };
  readonly steps: readonly MachineStep[];
  readonly never: readonly Pattern[];
  readonly eventually: readonly Pattern[];
}

export const MACHINES = ['uplink-migration', 'ovs-readiness', 'altname-guard', 'link-ownership', 'link-move'] as const;
export type MachineName = (typeof MACHINES)[number];

/** How an invoked actor ends. */
export type Answer = { readonly output: unknown } | { readonly error: Failure };

export type MachineStep = { readonly place: Place } & (
  | { readonly step: 'send'; readonly event: { readonly type: string; readonly [key: string]: unknown } }
  | { readonly step: 'advance'; readonly ms: number }
  /** Goes on to this state as an undisturbed run on the plain host does: its answers, and what it hears of the host meanwhile. */
  | { readonly step: 'reach'; readonly state: string }
  /** Answers the actor that waits. */
  | { readonly step: 'answer'; readonly actor: string; readonly answer: Answer }
  | {
      readonly step: 'expect';
      readonly state: string | null;
      readonly context: Match | null;
      /** Actors that wait for an answer, among others. */
      readonly invoked: readonly string[];
      /** It becomes so within this time at the latest; 0: it is so now. */
      readonly withinMs: number;
    }
);

/** What happened on a real node, to be replayed against today's charts. */
export interface Recording extends ScenarioHead {
  readonly kind: 'Recording';
  readonly machine: MachineName;
  /** Of the recorder: version of the program, kernel release, whether it was anonymized. */
  readonly header: { readonly [key: string]: unknown };
  /** Input with which the chart was started. */
  readonly input: { readonly [key: string]: unknown };
  readonly entries: readonly RecordedEntry[];
}

export type { RecordedChild };

/** One line of the flight recorder; `atMs` from the start of the run. */
export type RecordedEntry =
  /** An event that reached the chart; answers of invoked actors and deadlines, too. */
  | (Recorded & { readonly event: { readonly type: string; readonly [key: string]: unknown } })
  /** The chart entered a state. */
  | (Recorded & { readonly state: string })
  /** A change to the host, and its answer; null for done. */
  | (Recorded & { readonly effect: unknown; readonly failure: Failure | null })
  /** A chart that it invokes entered a state. */
  | (Recorded & { readonly child: RecordedChild });

interface Recorded {
  readonly atMs: number;
  /** In the file that it was read from. */
  readonly place?: Place;
}
