import type { AnyStateMachine } from 'xstate';
import { StateMachine } from 'xstate';

/** Where something stands in a chart's configuration: keys and indices from the root. */
export type ConfigPath = readonly (string | number)[];

/** One deliberate fault; plain JSON, so that another process can be told to run with it. */
export type Mutation = ChartMutation | InverseMutation | EditMutation;

/** A fault in a chart. */
export interface ChartMutation {
  readonly kind: 'drop-transition' | 'drop-guard' | 'drop-action' | 'drop-invoke' | 'drop-tag' | 'retarget';
  /** Name of the chart in the registry. */
  readonly chart: string;
  /** What is dropped, or whose `target` is another. */
  readonly at: ConfigPath;
  /** The other target. */
  readonly target?: string;
  /** For people: "preparing.locking: drop on ABORT → abandoning". */
  readonly what: string;
}

/** A step of the way back that does nothing. */
export interface InverseMutation {
  readonly kind: 'drop-inverse';
  readonly step: string;
  readonly what: string;
}

/** One line of a source file that says something else: a defence that is undone. */
export interface EditMutation {
  readonly kind: 'edit';
  /** From the root of the checkout: `src/engine/altname.ts`. */
  readonly file: string;
  /** Text that is there exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly what: string;
}

/** The chart with one fault; its implementations stay. Throws when the place is not there, or XState refuses the result. */
export function mutateChart(machine: AnyStateMachine, { kind, at, target, what }: ChartMutation): AnyStateMachine {
  const config = clone(machine.config) as Branch;
  const place = at.slice(0, -1).reduce<Branch>((branch, key) => branch[key] as Branch, config);
  const key = at.at(-1);
  if (key === undefined || place?.[key] === undefined) throw new Error(`nothing to mutate: ${what}`);
  if (kind === 'retarget')
    place[key] = typeof place[key] === 'string' ? { target } : { ...(place[key] as Branch), target };
  else if (Array.isArray(place)) place.splice(Number(key), 1);
  else delete place[key];
  return new StateMachine(config as AnyStateMachine['config'], machine.implementations);
}

type Branch = Record<string | number, unknown>;

/** Copies objects and arrays; functions stay what they are. */
function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clone(inner)]));
}
