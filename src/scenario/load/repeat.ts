import { meantBy } from '../../host/simulated/description/describe-issue.ts';
import type { Substitutes, YamlSource } from '../../host/simulated/description/yaml-source.ts';

/** More than anybody reads the results of. */
const MOST_VARIANTS = 500;

type Repeat = Readonly<Record<string, readonly (string | number | boolean)[]>>;

/** The values of each time that a document is read: one set, with nothing in it, where it does not repeat. Throws `USAGE`. */
export function variantsOf(source: YamlSource, repeat: Repeat | undefined): readonly Substitutes[] {
  const names = Object.keys(repeat ?? {});
  for (const use of usesIn(source.data, [])) {
    if (names.includes(use.name)) continue;
    const details = meantBy(use.name, names, 'a name that stands under repeat');
    throw use.ofKey
      ? source.errorAtKey(use.path, 'unknown name in braces', details)
      : source.errorAt(use.path, 'unknown name in braces', details);
  }
  const used = new Set(usesIn(source.data, []).map(({ name }) => name));
  for (const name of names) {
    if (used.has(name)) continue;
    const expected = `\${${name}} in some text`;
    throw source.errorAtKey(['repeat', name], 'repeated over values that nothing uses', { expected, got: name });
  }
  let variants: Substitutes[] = [{}];
  for (const [name, values] of Object.entries(repeat ?? {})) {
    variants = variants.flatMap(one => values.map(value => ({ ...one, [name]: value })));
    if (variants.length <= MOST_VARIANTS) continue;
    throw source.errorAt(['repeat'], 'repeated too often', { expected: `at most ${MOST_VARIANTS} times` });
  }
  return variants;
}

/** `name[errno=EPERM]`. */
export function nameOf(name: string, variant: Substitutes): string {
  const values = Object.entries(variant).map(([key, value]) => `${key}=${value}`);
  return values.length === 0 ? name : `${name}[${values.join(',')}]`;
}

interface Use {
  readonly name: string;
  readonly path: readonly PropertyKey[];
  readonly ofKey: boolean;
}

function usesIn(value: unknown, path: readonly PropertyKey[]): readonly Use[] {
  const usesOf = (text: string, at: readonly PropertyKey[], ofKey: boolean): Use[] =>
    [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => ({ name, path: at, ofKey }));
  if (typeof value === 'string') return usesOf(value, path, false);
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one, at) => usesIn(one, [...path, at]));
  return Object.entries(value).flatMap(([key, one]) => [
    ...usesOf(key, [...path, key], true),
    ...usesIn(one, [...path, key]),
  ]);
}
