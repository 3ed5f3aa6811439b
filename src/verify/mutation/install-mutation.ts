import { registerHooks } from 'node:module';
import { exportNameOf } from '../chart/describe/promise.ts';
import type { ChartMutation, EditMutation, InverseMutation, Mutation } from './mutation.ts';

/** Holds the mutation of a mutated process, as JSON. */
export const MUTATION_VARIABLE = 'OVS_UPLINK_MUTATION';

/** Marks the module that is mutated, as it stands on the disk. */
const ORIGINAL = '?original';

/**
 * From now on this thread imports one module with a fault. Nothing in the code that is tested knows of it: the module's address is answered by
 * a wrapper that hands on what the real one exports, but for what is mutated. Only in a checkout: it works on the sources.
 */
export function installMutation(mutation: Mutation): void {
  if (mutation.kind === 'edit') {
    installEdit(mutation);
    return;
  }
  const { address, source } = wrapperFor(mutation);
  registerHooks({
    load(url, context, nextLoad) {
      if (url !== address) return nextLoad(url, context);
      return { format: 'module', source, shortCircuit: true };
    },
  });
}

function installEdit({ file, find, replace }: EditMutation): void {
  const address = addressOf(file);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== address) return loaded;
      const [before, after, ...more] = String(loaded.source).split(find);
      // As text it would hide that the line has changed meanwhile, and with it what is to be shown.
      if (before === undefined || after === undefined || more.length > 0) {
        throw new Error(`${file} does not have exactly once: ${find}`);
      }
      return { ...loaded, source: before + replace + after };
    },
  });
}

/** Of a file, from the root of the checkout. */
function addressOf(path: string): string {
  return new URL(`../../../${path}`, import.meta.url).href;
}

function wrapperFor(mutation: ChartMutation | InverseMutation): { readonly address: string; readonly source: string } {
  if (mutation.kind === 'drop-inverse') {
    const address = addressOf('src/domain/steps/rollback.ts');
    const original = JSON.stringify(`${address}${ORIGINAL}`);
    return {
      address,
      source: `import { rollbackEffects as real } from ${original};
export * from ${original};
export function rollbackEffects(step, context) {
  return step === ${JSON.stringify(mutation.step)} ? [] : real(step, context);
}
`,
    };
  }
  const address = addressOf(`machines/${mutation.chart}.ts`);
  const original = JSON.stringify(`${address}${ORIGINAL}`);
  const name = exportNameOf(mutation.chart);
  return {
    address,
    source: `import { ${name} as real } from ${original};
import { mutateChart } from ${JSON.stringify(new URL('mutation.ts', import.meta.url).href)};
export * from ${original};
export const ${name} = mutateChart(real, ${JSON.stringify(mutation)});
`,
  };
}
