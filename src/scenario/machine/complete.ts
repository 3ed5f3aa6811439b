/** Plain JSON with names. */
export interface Mapping {
  readonly [key: string]: unknown;
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What is given, over what is there: mappings key by key, everything else replaces what was there. A part of something that is not there yet is
 * completed from the sample.
 */
export function complete(given: unknown, base: unknown, sample: unknown = base): unknown {
  if (given === undefined) return base;
  if (!isMapping(given)) return given;
  const under = isMapping(base) ? base : isMapping(sample) ? sample : {};
  const below = isMapping(sample) ? sample : {};
  const keys = new Set([...Object.keys(under), ...Object.keys(given)]);
  return Object.fromEntries([...keys].map(key => [key, complete(given[key], under[key], below[key])]));
}

/** Columns whose keys are anybody's. */
const FREE = new Set(['externalIds', 'otherConfig']);

/** Paths of what is given and has no place: most likely a slip of the pen. Nothing is said of what the sample does not have at all. */
export function unknownFields(given: unknown, sample: unknown, path: string): readonly string[] {
  if (!isMapping(given) || !isMapping(sample)) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    if (!(key in sample)) return [at];
    return FREE.has(key) ? [] : unknownFields(value, sample[key], at);
  });
}
