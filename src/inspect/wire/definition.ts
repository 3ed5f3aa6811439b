import type { AnyStateMachine } from 'xstate';
import { isMachine } from './is-machine.ts';

/** By configuration: `provide` makes a new machine over the same one. */
const made = new WeakMap<object, string>();

/**
 * JSON of a machine's configuration: all of it, fields in the order of the source. Guards, actions and actors stay names; a function in their place
 * becomes an object with a `type`, which is what Stately's page draws, and an invoked machine its id.
 */
export function definitionOf(machine: AnyStateMachine): string {
  const config: object = machine.config;
  let text = made.get(config);
  if (text === undefined) {
    text = JSON.stringify(written(config, '', new Set()));
    made.set(config, text);
  }
  return text;
}

function written(value: unknown, key: string, open: Set<object>): unknown {
  if (typeof value === 'function') return { type: nameOf(value, key) };
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isMachine(value)) return value.id;
  // Logic of another kind has no name but that of the place where it stands.
  if (key === 'src' && 'transition' in value) return '(logic)';
  if (open.has(value)) return '(circular)';
  open.add(value);
  const result = Array.isArray(value)
    ? value.map(one => written(one, key, open))
    : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one, name, open)]));
  open.delete(value);
  return result;
}

/** XState's own actions carry their `type`; a function without a name takes that of the field, which says nothing. */
function nameOf(value: object & { readonly name?: string; readonly type?: unknown }, key: string): string {
  if (typeof value.type === 'string') return value.type;
  return value.name === undefined || value.name === '' || value.name === key ? '(function)' : value.name;
}
