/** No configuration and no result is nested that deeply; what is could not be written as JSON again, for that is done by recursion. */
const MAX_DEPTH = 100;

/** Reads JSON. Throws a `SyntaxError` for what is none, and for values within values within values, more than a hundred deep. */
export function parseBoundedJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw new SyntaxError(`values are nested more than ${MAX_DEPTH} deep`);
    level = level.flatMap(one => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return value;
}
