import type { AnyStateMachine } from 'xstate';
import type { VerifiedChart } from '../chart/rule.ts';
import { stateText } from '../chart/text.ts';
import { isWithin } from '../chart/walk.ts';
import type { ChartMutation, ConfigPath, InverseMutation } from './mutation.ts';
import type { Config, StatePlace, TransitionPlace } from './places.ts';
import { listPlaces, nameIn, resolveTarget, statePlaces, transitionPlaces } from './places.ts';

/**
 * Every fault of one chart: each transition (so each deadline and each answer to an error), guard, action, invoke and tag dropped, and each
 * way back begun one state too early and one too late.
 */
export function mutationsOf(chart: VerifiedChart): readonly ChartMutation[] {
  const states = statePlaces(chart.machine.config as Config);
  const { wayBack } = chart.declared;
  const wayBackStates =
    wayBack === null
      ? []
      : states
          .map(({ path }) => path)
          .filter(path => isWithin(path, wayBack.part))
          .slice(1);
  return states.flatMap(state => [
    ...transitionPlaces(state).flatMap(place => [
      ...transitionFaults(chart.name, place),
      ...retargets(chart, place, wayBackStates),
    ]),
    ...stateFaults(chart.name, state),
  ]);
}

/** Every step of the way back, doing nothing. */
export function inverseMutations({ declared }: VerifiedChart): readonly InverseMutation[] {
  const steps = declared.wayBack?.rollbackSteps ?? [];
  return steps.map(step => ({ kind: 'drop-inverse', step, what: `${step} does nothing` }));
}

function stateFaults(chart: string, { path, at, config }: StatePlace): readonly ChartMutation[] {
  const drop = (kind: ChartMutation['kind'], key: string, text: (value: unknown) => string): readonly ChartMutation[] =>
    listPlaces(config[key]).map(({ at: index, value }) => ({
      kind,
      chart,
      at: [...at, key, ...index],
      what: `${stateText(path)}: no ${text(value)}`,
    }));
  return [
    ...drop('drop-invoke', 'invoke', value => `invoke ${String((value as Config)['src'])}`),
    ...drop('drop-action', 'entry', value => `${nameIn(value)} on entry`),
    ...drop('drop-action', 'exit', value => `${nameIn(value)} on exit`),
    ...drop('drop-tag', 'tags', value => `tag ${String(value)}`),
  ];
}

function transitionFaults(chart: string, place: TransitionPlace): readonly ChartMutation[] {
  const { config, state, at } = place;
  const text = textOf(place);
  const fault = (kind: ChartMutation['kind'], where: ConfigPath, what: string): ChartMutation => ({
    kind,
    chart,
    at: [...at, ...where],
    what: `${stateText(state)}: ${what}`,
  });
  return [
    fault('drop-transition', [], `no \`${text}\``),
    ...listPlaces(config['guard']).map(() => fault('drop-guard', ['guard'], `no guard in \`${text}\``)),
    ...listPlaces(config['actions']).map(({ at: index, value }) =>
      fault('drop-action', ['actions', ...index], `no ${nameIn(value)} in \`${text}\``),
    ),
  ];
}

function retargets(chart: VerifiedChart, place: TransitionPlace, wayBackStates: readonly string[]): ChartMutation[] {
  const { machine, name } = chart;
  const { config, state, at } = place;
  if (typeof config['target'] !== 'string') return [];
  const index = wayBackStates.indexOf(entryOf(machine, resolveTarget(machine, state, config['target'])));
  if (index === -1) return [];
  const neighbours = [wayBackStates[index - 1], wayBackStates[index + 1]].filter(path => path !== undefined);
  return neighbours.map(path => ({
    kind: 'retarget',
    chart: name,
    at,
    target: `#${machine.id}.${path}`,
    what: `${stateText(state)}: \`${textOf(place)}\` leads to ${path} instead`,
  }));
}

/** The state in which the chart then stands. */
function entryOf(machine: AnyStateMachine, path: string): string {
  let node = machine.root;
  for (const key of path.split('.')) {
    const child = node.states[key];
    if (child === undefined) return path;
    node = child;
  }
  while (node.type === 'compound') {
    const inner = node.initial.target?.[0];
    if (inner === undefined) break;
    node = inner as typeof node;
  }
  return node.path.join('.');
}

function textOf({ trigger, config }: TransitionPlace): string {
  const condition = config['guard'] === undefined ? '' : ` [${nameIn(config['guard'])}]`;
  return `${trigger}${condition}${config['target'] === undefined ? '' : ` → ${String(config['target'])}`}`;
}
