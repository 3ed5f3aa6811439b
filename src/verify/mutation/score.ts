import type { VerifiedChart } from '../chart/rule.ts';
import type { Violation } from '../chart/verify-charts.ts';
import { subjectOfChart, violationsOf } from '../chart/verify-charts.ts';
import { mutationsOf } from './enumerate.ts';
import type { ChartMutation } from './mutation.ts';
import { mutateChart } from './mutation.ts';

/** What became of one mutant. */
export interface MutantResult {
  readonly mutation: ChartMutation;
  /** Codes of proofs that fail on it and not on the chart itself; `refused` where XState does not take it; empty for a survivor. */
  readonly caughtBy: readonly string[];
}

/** Proves every mutant of the charts. `first` stops at the first proof that fails, which takes half the time; `all` names every one. */
export function verifyMutants(charts: readonly VerifiedChart[], wanted: 'first' | 'all'): readonly MutantResult[] {
  return charts.flatMap(chart => {
    // The names are the same for every mutant: bound once.
    const bound = chart.bind();
    const sound = { ...chart, bind: () => bound };
    const known = new Set([...violationsOf(subjectOfChart(sound))].map(textOf));
    return mutationsOf(chart).map(mutation => {
      const codes = new Set<string>();
      for (const code of codesAgainst(sound, mutation, known)) {
        codes.add(code);
        if (wanted === 'first') break;
      }
      return { mutation, caughtBy: [...codes] };
    });
  });
}

function* codesAgainst(chart: VerifiedChart, mutation: ChartMutation, known: ReadonlySet<string>): Iterable<string> {
  const machine = mutant(chart, mutation);
  if (machine === undefined) {
    yield 'refused';
    return;
  }
  for (const violation of violationsOf(subjectOfChart({ ...chart, machine }))) {
    if (!known.has(textOf(violation))) yield violation.code;
  }
}

function mutant({ machine }: VerifiedChart, mutation: ChartMutation): VerifiedChart['machine'] | undefined {
  try {
    return mutateChart(machine, mutation);
  } catch {
    return undefined;
  }
}

function textOf({ code, state, what }: Violation): string {
  return `${code} ${state} ${what}`;
}
