import { createRequire, registerHooks } from 'node:module';

/** Stately's importer of source, which wants XState 4 beside it: no later one of it is published. */
registerHooks({
  resolve(specifier, context, next) {
    const isIts = context.parentURL?.includes('/machine-extractor/') && /^xstate(\/|$)/.test(specifier);
    return next(isIts ? specifier.replace('xstate', 'xstate-4') : specifier, context);
  },
});

interface Extractor {
  extractMachinesFromFile(source: string): { readonly machines: readonly { toConfig(): unknown }[] } | null;
}

const { extractMachinesFromFile } = createRequire(import.meta.url)('@xstate/machine-extractor') as Extractor;

/** The configurations of the machines that Stately's importer finds in a source, without running it. */
export function extractMachines(source: string): readonly unknown[] {
  return extractMachinesFromFile(source)?.machines.map(machine => inWordsOf5(machine.toConfig())) ?? [];
}

/** It says of each name that it is one, and calls guards as XState 4 did. */
function inWordsOf5(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inWordsOf5);
  if (typeof value !== 'object' || value === null) return value;
  if ('kind' in value && value.kind === 'named' && 'action' in value) return inWordsOf5(value.action);
  const fields = Object.entries(value).flatMap(([key, field]): [string, unknown][] => {
    if (key === 'kind' || (key === 'params' && Object.keys(field).length === 0)) return [];
    return [[key === 'cond' ? 'guard' : key, inWordsOf5(field)]];
  });
  return Object.fromEntries(fields);
}
