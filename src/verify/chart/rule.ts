import type { AnyStateMachine } from 'xstate';
import type { ChartDeclarations } from './declarations.ts';
import type { Walk } from './walk.ts';

/** A chart to be proven, and what is declared about it. */
export interface VerifiedChart {
  readonly name: string;
  /** The chart as its file has it. */
  readonly machine: AnyStateMachine;
  /** The chart as the engine binds it, for the names; made without a host. */
  readonly bind: () => AnyStateMachine;
  readonly declared: ChartDeclarations;
}

/** What the rules look at. */
export interface Subject {
  readonly chart: VerifiedChart;
  readonly walk: Walk;
  readonly declared: ChartDeclarations;
  /** Forward steps that may have been begun when the chart stands in a leaf, its own included; empty without a way back. */
  readonly begun: ReadonlyMap<string, ReadonlySet<string>>;
  /** Leaves of the way forward that the chart can rest in. */
  readonly work: readonly string[];
}

/** An offence against a rule. */
export interface Offence {
  /** Path of the offender; empty for the root. */
  readonly state: string;
  readonly what: string;
  /** The failure in question, where the rule is about failures. */
  readonly about?: string;
}

/** One proof, for every chart. */
export interface ChartRule {
  readonly code: string;
  /** What holds when there is no offence. */
  readonly promise: string;
  readonly check: (subject: Subject) => Iterable<Offence>;
}
