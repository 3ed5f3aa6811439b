/**
 * What a chart's proofs must be told, because it does not follow from the chart: which events are failures, what undoes what, and where
 * the design departs from a rule on purpose. Nothing here lists the states of a chart one by one.
 */
export interface ChartDeclarations {
  /** Where the design departs from a rule, and why. One that is not needed is an error, too. */
  readonly exceptions: readonly DeclaredException[];
  /** Events that lead on from a state in which a run ends, by its path, each with the action that notes it. */
  readonly terminalEvents: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where a run that nothing disturbs gets to from a part of the chart; the innermost part counts. */
  readonly goals: Readonly<Record<string, string>>;
  /** Delays that are waited for, not deadlines. */
  readonly pauses: readonly string[];
  readonly boundedGuards: readonly BoundedGuard[];
  /** Events that must be noted wherever the chart works, and the action that notes them. */
  readonly noted: Readonly<Record<string, string>>;
  /** Actors that tell something when they end, and the action that notes it. */
  readonly results: Readonly<Record<string, string>>;
  /** Actions that pass an event on to an invoked chart, by the id of the invoke. */
  readonly forwarders: Readonly<Record<string, string>>;
  readonly failures: readonly FailureKind[];
  /** What records an error or a deadline in a part, in place of the failure's own action; null where nothing needs to be told. */
  readonly recordsInstead: Readonly<Record<string, string | null>>;
  /** Guards that must be asked when an actor is done: its answer may be a no. */
  readonly verdicts: Readonly<Record<string, readonly string[]>>;
  readonly requirements: readonly Requirement[];
  readonly resume: Resume | null;
  readonly wayBack: WayBack | null;
}

/** A departure from a rule. It holds for the state and all in it. */
export interface DeclaredException {
  /** Code of the rule. */
  readonly rule: string;
  readonly state: string;
  /** Only for one failure, where the rule is about failures. */
  readonly about?: string;
  readonly reason: string;
}

/** A guard that becomes false after so many turns of a loop. */
export interface BoundedGuard {
  readonly guard: string;
  /** The action that brings it nearer to false, on every turn. */
  readonly counts: string;
  /** Actions that begin to count again. */
  readonly resets: readonly string[];
  readonly reason: string;
}

/** Something that can go wrong, and what must follow from it. */
export interface FailureKind {
  readonly name: string;
  readonly on:
    | { readonly kind: 'error' }
    | { readonly kind: 'deadline' }
    | { readonly kind: 'event'; readonly event: string; readonly guard: string | null }
    | { readonly kind: 'condition'; readonly guards: readonly string[] };
  /** Where it must be answered: in all work on the way forward, from the first change on, or nowhere unless the chart listens for it. */
  readonly within: 'work' | 'begun' | 'heard';
  /** Parts of the way forward in which it must be answered, too. */
  readonly alsoIn?: readonly string[];
  /** Where it must lead, in a chart without a way back; empty where every other state will do. */
  readonly leadsTo: readonly string[];
  /** Actions of which one must tell why; empty where nothing is told. */
  readonly records: readonly string[];
}

/** What must have been done before a state is entered, on every path of a run that was not resumed. */
export interface Requirement {
  readonly name: string;
  /** The state; null stands for every state that changes something. */
  readonly state: string | null;
  /** Actors that must have ended well before. */
  readonly done: readonly string[];
  /** What was done before the last change does not count. */
  readonly sinceChange: boolean;
}

/** How a run goes on that another process began. */
export interface Resume {
  /** The guard that asks where, and the name of its parameter. */
  readonly guard: string;
  readonly parameter: string;
  /** The actor that takes the run over: after it, every step may have been begun. */
  readonly inheritsBy: string;
  /** The state for each value of the parameter. */
  readonly entries: Readonly<Record<string, string>>;
}

/** The way back of a chart that changes something. */
export interface WayBack {
  /** The part of the chart, and where a run stands that came to its end. */
  readonly part: string;
  readonly end: string;
  /** Where a failure of the way back leads. */
  readonly stranded: string;
  /** Where a failure leads while nothing was changed, by part; the innermost counts. */
  readonly giveUp: Readonly<Record<string, string>>;
  /** Actors whose `input.step` names the step. */
  readonly forwardActor: string;
  readonly rollbackActor: string;
  readonly forwardSteps: readonly string[];
  readonly rollbackSteps: readonly string[];
  /** Forward steps that are passed by where there is nothing to do, with the guard that leads into each. */
  readonly optionalSteps: Readonly<Record<string, string>>;
  /** What undoes a forward step, in order. */
  readonly inverses: Readonly<Record<string, readonly string[]>>;
  /** Actors that end every way back, in order. */
  readonly closing: readonly string[];
}

/** A chart of which nothing is declared. */
export const NOTHING_DECLARED: ChartDeclarations = {
  exceptions: [],
  terminalEvents: {},
  goals: {},
  pauses: [],
  boundedGuards: [],
  noted: {},
  results: {},
  forwarders: {},
  failures: [],
  recordsInstead: {},
  verdicts: {},
  requirements: [],
  resume: null,
  wayBack: null,
};

/** The entry of the innermost part that a state is in. */
export function ofInnermost<T>(byPart: Readonly<Record<string, T>>, state: string): T | undefined {
  const parts = Object.keys(byPart).filter(part => part === '' || state === part || state.startsWith(`${part}.`));
  const innermost = parts.sort((a, b) => b.length - a.length)[0];
  return innermost === undefined ? undefined : byPart[innermost];
}
