import { isDeepStrictEqual } from 'node:util';
import type { YamlSource } from '../../host/simulated/description/yaml-source.ts';

/** Throws `USAGE` where something is to show, and never to show. */
export function checkPatterns(
  { never, eventually }: { readonly never: readonly object[]; readonly eventually: readonly object[] },
  source: YamlSource,
): void {
  eventually.forEach((pattern, at) => {
    if (!never.some(other => isDeepStrictEqual(other, pattern))) return;
    throw source.errorAt(['eventually', at], 'contradicts what must never show');
  });
}
