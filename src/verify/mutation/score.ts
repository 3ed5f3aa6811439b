import type { VerifiedChart } from '../chart/rule.ts';
import type { Violation } from '../chart/verify-charts.ts';
import { verifyCharts } from '../chart/verify-charts.ts';
import { mutationsOf } from './enumerate.ts';
import type { ChartMutation } from './mutation.ts';
import { mutateChart } from './mutation.ts';

/** What became of one mutant. */
export interface MutantResult {
  readonly mutation: ChartMutation;
  /** Codes of the proofs that fail on it and not on the chart itself; `refused` where XState does not take it; empty for a survivor. */
  readonly caughtBy: readonly string[];
}

/** Proves every mutant of the charts. */
export function verifyMutants(charts: readonly VerifiedChart[]): readonly MutantResult[] {
  return charts.flatMap(chart => {
    // The names are the same for every mutant: bound once.
    const bound = chart.bind();
    const subject = { ...chart, bind: () => bound };
    const known = new Set(violationsOf(subject).map(textOf));
    return mutationsOf(chart).map(mutation => ({ mutation, caughtBy: proveMutant(subject, mutation, known) }));
  });
}

function proveMutant(chart: VerifiedChart, mutation: ChartMutation, known: ReadonlySet<string>): readonly string[] {
  let machine: VerifiedChart['machine'];
  try {
    machine = mutateChart(chart.machine, mutation);
  } catch {
    return ['refused'];
  }
  const violations = violationsOf({ ...chart, machine }).filter(violation => !known.has(textOf(violation)));
  return [...new Set(violations.map(({ code }) => code))];
}

function violationsOf(chart: VerifiedChart): readonly Violation[] {
  return verifyCharts([chart]).charts.flatMap(({ violations }) => violations);
}

function textOf({ code, state, what }: Violation): string {
  return `${code} ${state} ${what}`;
}
