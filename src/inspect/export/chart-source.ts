import type { AnyStateMachine } from 'xstate';
import { definitionOf } from '../wire/definition.ts';

const IMPLEMENTED = ['actors', 'guards', 'actions', 'delays'] as const;
/** What stands for a function of ours in the definition. */
const FUNCTION = '(function)';

/**
 * A chart as one file of TypeScript that needs nothing but `xstate`, for Stately Studio and for trying it out: the whole configuration, with
 * implementations that do nothing under its names. Functions inside the configuration (context, input of actors) are left out.
 */
export function chartSource(machine: AnyStateMachine, exportName: string): string {
  const config = withoutFunctions(JSON.parse(definitionOf(machine))) as Record<string, unknown>;
  const setups = IMPLEMENTED.flatMap(kind => {
    const names = Object.keys(machine.implementations[kind] ?? {}).sort();
    if (names.length === 0) return [];
    const lines = names.map(name => `    ${keyText(name)}: ${STANDINS[kind]},`);
    return [`  ${kind}: {\n${lines.join('\n')}\n  },`];
  });
  const usesActors = Object.keys(machine.implementations.actors ?? {}).length > 0;
  return [
    '// Exported from ovs-uplink: change the chart there. Actors never end, guards say no, actions do nothing.',
    `import { ${usesActors ? 'fromPromise, ' : ''}setup } from 'xstate';`,
    '',
    `export const ${exportName} = setup({`,
    ...setups,
    `}).createMachine(${literal({ ...config, context: {} }, '')});`,
    '',
  ].join('\n');
}

const STANDINS = {
  actors: 'fromPromise(() => new Promise(() => undefined))',
  guards: '() => false',
  actions: '() => undefined',
  delays: '60_000',
} as const;

function withoutFunctions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutFunctions);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => !isFunction(field))
      .map(([key, field]) => [key, withoutFunctions(field)]),
  );
}

function isFunction(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === FUNCTION;
}

function literal(value: unknown, indent: string): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map(item => literal(item, inner));
    const line = `[${items.join(', ')}]`;
    return line.length < 100 && !line.includes('\n')
      ? line
      : `[\n${items.map(item => `${inner}${item},\n`).join('')}${indent}]`;
  }
  const fields = Object.entries(value).map(([key, field]) => `${keyText(key)}: ${literal(field, inner)}`);
  const line = fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  return line.length < 90 && !line.includes('\n')
    ? line
    : `{\n${fields.map(field => `${inner}${field},\n`).join('')}${indent}}`;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
