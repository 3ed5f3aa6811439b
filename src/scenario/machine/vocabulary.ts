import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { altnameGuard } from '../../../machines/altname-guard.ts';
import { linkMove } from '../../../machines/link-move.ts';
import { linkOwnership } from '../../../machines/link-ownership.ts';
import { ovsReadiness } from '../../../machines/ovs-readiness.ts';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import type { MachineName } from '../scenario.ts';

const CHARTS: Readonly<Record<MachineName, AnyStateMachine>> = {
  'uplink-migration': uplinkMigration,
  'ovs-readiness': ovsReadiness,
  'altname-guard': altnameGuard,
  'link-ownership': linkOwnership,
  'link-move': linkMove,
};

/** Every state of a chart by its path, in the order of the chart: `preparing`, `preparing.locking`. */
export function stateNamesOf(machine: MachineName): readonly string[] {
  const pathsBelow = (node: AnyStateNode): readonly string[] =>
    Object.values(node.states).flatMap(child => [child.path.join('.'), ...pathsBelow(child)]);
  return pathsBelow(CHARTS[machine].root);
}

/** Every type of event that a chart takes somewhere from outside; those of its own deadlines and actors are not among them. */
export function eventTypesOf(machine: MachineName): readonly string[] {
  return CHARTS[machine].events.filter(type => !type.startsWith('xstate.'));
}

/**
 * What an `answer` may name: every actor that a chart invokes and that is no chart itself, and those of the charts that it invokes. One name in two
 * charts (`bumpConfiguration`) means whichever of them waits; the two never wait at once.
 */
export function actorNamesOf(machine: MachineName): readonly string[] {
  return [...new Set(promisesOf(CHARTS[machine]))];
}

function promisesOf(chart: AnyStateMachine): readonly string[] {
  return Object.entries(chart.implementations.actors).flatMap(([name, logic]) =>
    isChart(logic) ? promisesOf(logic) : [name],
  );
}

/** Tells a chart from the other kinds of actors that a chart may invoke. */
export function isChart(logic: unknown): logic is AnyStateMachine {
  return typeof logic === 'object' && logic !== null && 'root' in logic && 'implementations' in logic;
}
