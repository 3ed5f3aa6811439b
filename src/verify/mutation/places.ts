import type { AnyStateMachine } from 'xstate';
import type { ConfigPath } from './mutation.ts';

/** A part of a chart's configuration. */
export interface Config {
  readonly [key: string]: unknown;
}

/** A state in the configuration. */
export interface StatePlace {
  readonly path: string;
  readonly at: ConfigPath;
  readonly config: Config;
}

/** One candidate transition of a state. */
export interface TransitionPlace {
  /** Path of the state. */
  readonly state: string;
  /** Where it stands, from the root. */
  readonly at: ConfigPath;
  /** `on ABORT`, `after stepDeadline`, `always`, `error of takeOver`. */
  readonly trigger: string;
  readonly config: Config;
}

/** Every state of a configuration, in document order. */
export function statePlaces(config: Config, path = '', at: ConfigPath = []): readonly StatePlace[] {
  const children = Object.entries((config['states'] as Config | undefined) ?? {});
  return [
    { path, at, config },
    ...children.flatMap(([key, child]) =>
      statePlaces(child as Config, path === '' ? key : `${path}.${key}`, [...at, 'states', key]),
    ),
  ];
}

/** The candidates of a state, as the configuration writes them: a name, an object, or a list of those. */
export function transitionPlaces({ path, at, config }: StatePlace): readonly TransitionPlace[] {
  const places = (trigger: string, where: ConfigPath, value: unknown): readonly TransitionPlace[] =>
    listPlaces(value).map(({ at: index, value: candidate }) => ({
      state: path,
      at: [...at, ...where, ...index],
      trigger,
      config: typeof candidate === 'string' ? { target: candidate } : (candidate as Config),
    }));
  const byKey = (key: string) => Object.entries((config[key] as Config | undefined) ?? {});
  return [
    ...places('always', ['always'], config['always']),
    ...byKey('on').flatMap(([event, value]) => places(`on ${event}`, ['on', event], value)),
    ...byKey('after').flatMap(([delay, value]) => places(`after ${delay}`, ['after', delay], value)),
    ...places('finished', ['onDone'], config['onDone']),
    ...listPlaces(config['invoke']).flatMap(({ at: index, value }) => {
      const invoke = value as Config;
      const where: ConfigPath = ['invoke', ...index];
      return [
        ...places(`${String(invoke['src'])} done`, [...where, 'onDone'], invoke['onDone']),
        ...places(`error of ${String(invoke['src'])}`, [...where, 'onError'], invoke['onError']),
      ];
    }),
  ];
}

/** One value or a list of them, each with its index where it is a list. */
export function listPlaces(value: unknown): readonly { readonly at: ConfigPath; readonly value: unknown }[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map((item, index) => ({ at: [index], value: item })) : [{ at: [], value }];
}

/** `resumesAt` of a name or of `{ type: 'resumesAt', params }`. */
export function nameIn(value: unknown): string {
  return typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : String(value);
}

/** Path of the state that a target names: `#id`, `#id.child`, `.child` or `sibling`. */
export function resolveTarget(machine: AnyStateMachine, state: string, target: string): string {
  if (target.startsWith('.')) return `${state}${target}`.replace(/^\./, '');
  const parent = state.split('.').slice(0, -1);
  if (!target.startsWith('#')) return [...parent, target].join('.');
  return machine.getStateNodeById(target.slice(1)).path.join('.');
}
