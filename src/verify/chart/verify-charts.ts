import { begunSteps, workLeaves } from './begun.ts';
import { CHARTS } from './charts.ts';
import type { DeclaredException } from './declarations.ts';
import type { FailureRow } from './failure-table.ts';
import { failureTable } from './failure-table.ts';
import { readChart } from './graph.ts';
import type { Offence, Subject, VerifiedChart } from './rule.ts';
import { CHART_RULES } from './rules/all.ts';
import { createWalk, isWithin } from './walk.ts';

/** A proof that failed, naming the offender. */
export interface Violation {
  readonly chart: string;
  /** Stable code of the rule. */
  readonly code: string;
  /** Path of the offending state; empty for the root. */
  readonly state: string;
  readonly what: string;
}

/** What was proven of one chart, and what was not. */
export interface ChartReport {
  readonly chart: string;
  readonly states: number;
  readonly transitions: number;
  readonly proofs: readonly { readonly code: string; readonly promise: string; readonly holds: boolean }[];
  readonly violations: readonly Violation[];
  /** Departures from the rules that the design wants. */
  readonly exceptions: readonly DeclaredException[];
  /** State × failure → where it leads. */
  readonly failures: readonly FailureRow[];
}

/** Result of {@link verifyCharts}; plain data. */
export interface VerifyReport {
  readonly holds: boolean;
  readonly charts: readonly ChartReport[];
}

/** An exception that excuses nothing: the chart has changed, or it never did. */
const EXCEPTION_UNNEEDED = { code: 'exception-unneeded', promise: 'every declared exception is needed' };

/** Proves the charts. Touches no host, takes milliseconds, and never throws for what is wrong with a chart. */
export function verifyCharts(charts: readonly VerifiedChart[] = CHARTS): VerifyReport {
  const reports = charts.map(verifyChart);
  return { holds: reports.every(({ violations }) => violations.length === 0), charts: reports };
}

/** Prepares what the rules look at. */
export function subjectOfChart(chart: VerifiedChart): Subject {
  const walk = createWalk(readChart(chart.machine));
  const { declared } = chart;
  return { chart, walk, declared, begun: begunSteps(walk, declared), work: workLeaves(walk, declared) };
}

/** The offences against a chart's proofs, found as they are asked for: who wants to know only whether there is one need not wait for all. */
export function* violationsOf(subject: Subject): Iterable<Violation> {
  const { chart, declared } = subject;
  const needed = new Set<DeclaredException>();
  for (const { code, check } of CHART_RULES) {
    for (const offence of check(subject)) {
      const found = declared.exceptions.filter(exception => excuses(exception, code, offence));
      for (const exception of found) needed.add(exception);
      if (found.length === 0) yield { chart: chart.name, code, state: offence.state, what: offence.what };
    }
  }
  for (const { rule, state, about } of declared.exceptions.filter(exception => !needed.has(exception))) {
    const what = `the exception from ${rule}${about === undefined ? '' : ` (${about})`} is not needed any more`;
    yield { chart: chart.name, code: EXCEPTION_UNNEEDED.code, state, what };
  }
}

function verifyChart(chart: VerifiedChart): ChartReport {
  const subject = subjectOfChart(chart);
  const violations = [...violationsOf(subject)];
  const states = [...subject.walk.graph.states.values()];
  return {
    chart: chart.name,
    states: states.length - 1,
    transitions: states.flatMap(({ transitions }) => transitions).length,
    proofs: [...CHART_RULES, EXCEPTION_UNNEEDED].map(({ code, promise }) => ({
      code,
      promise,
      holds: !violations.some(violation => violation.code === code),
    })),
    violations,
    exceptions: chart.declared.exceptions,
    failures: failureTable(subject),
  };
}

function excuses(exception: DeclaredException, code: string, { state, about }: Offence): boolean {
  const { rule, state: part, about: only } = exception;
  return rule === code && isWithin(state, part) && (only === undefined || only === about);
}
