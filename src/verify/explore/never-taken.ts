import { altnameGuard } from '../../../machines/altname-guard.ts';
import { ovsReadiness } from '../../../machines/ovs-readiness.ts';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import type { CoverageReport } from './coverage.ts';
import { coverableOf } from './coverage.ts';

/** Why a simulated run cannot take a transition; each is shown in another way. */
const EXPLAINED: Readonly<Record<string, string>> = {};

/** How much of one chart was taken. */
export interface ChartCoverage {
  readonly chart: string;
  readonly states: number;
  readonly statesTaken: number;
  readonly transitions: number;
  readonly transitionsTaken: number;
  /** Never taken, and nobody says why. */
  readonly missing: readonly string[];
  /** Never taken, with the reason. */
  readonly explained: readonly { readonly what: string; readonly why: string }[];
}

/** Lays what was taken beside what there is, for every chart that a migration runs. */
export function neverTaken(taken: CoverageReport): readonly ChartCoverage[] {
  const states = new Set(taken.states);
  const transitions = new Set(taken.transitions);
  return [uplinkMigration, ovsReadiness, altnameGuard].map(machine => {
    const all = coverableOf(machine);
    const open = [...all.states.filter(s => !states.has(s)), ...all.transitions.filter(t => !transitions.has(t))];
    return {
      chart: machine.id,
      states: all.states.length,
      statesTaken: all.states.filter(s => states.has(s)).length,
      transitions: all.transitions.length,
      transitionsTaken: all.transitions.filter(t => transitions.has(t)).length,
      missing: open.filter(what => EXPLAINED[what] === undefined),
      explained: open.flatMap(what => {
        const why = EXPLAINED[what];
        return why === undefined ? [] : [{ what, why }];
      }),
    };
  });
}
