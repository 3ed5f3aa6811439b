/** Definitions that are known again: those of the charts of a program, not one for each of its actors. */
const MAX_DEFINITIONS = 32;
/** Deeper than any message: what is nested this deep was not made by `plain`. */
const MAX_DEPTH = 100;

/**
 * Makes a scale that tells about how many bytes of memory a message adds. Objects count once: contexts share most of their parts with those before.
 */
export function createScale(): (message: object) => number {
  const seen = new WeakSet<object>();
  const definitions = createDefinitions();
  const weigh = (value: unknown, depth: number): number => {
    if (typeof value === 'string') return 16 + value.length;
    if (typeof value !== 'object' || value === null) return 8;
    if (seen.has(value) || depth > MAX_DEPTH) return 8;
    seen.add(value);
    let bytes = 32;
    for (const key in value) bytes += 8 + weigh((value as Readonly<Record<string, unknown>>)[key], depth + 1);
    return bytes;
  };
  // A message and its parts are new each time: only what they hold may have been seen.
  const weighFields = (fields: object): number => {
    let bytes = 64;
    for (const key in fields) {
      const value = (fields as Readonly<Record<string, unknown>>)[key];
      if (key === 'definition' && typeof value === 'string') {
        bytes += definitions.weigh(value);
        continue;
      }
      const isPart = (key === 'snapshot' || key === 'event') && typeof value === 'object' && value !== null;
      bytes += 8 + (isPart ? weighFields(value) : weigh(value, 1));
    }
    return bytes;
  };
  return weighFields;
}

/** A definition is one text for all actors of a machine; one that was not met lately is another. */
function createDefinitions() {
  const lately = new Set<string>();
  return {
    weigh(text: string): number {
      const isKnown = lately.delete(text);
      lately.add(text);
      if (lately.size > MAX_DEFINITIONS) lately.delete(lately.values().next().value!);
      return isKnown ? 8 : 16 + text.length;
    },
  };
}
