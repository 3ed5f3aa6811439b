/** Elements of a list that are recorded: a host may have a million routes, and the charts look at none of them. */
const MAX_ELEMENTS = 200;
/** Characters of a text that are recorded. */
const MAX_TEXT = 4_000;

/** The value with every list and every text in it cut to a bounded length; the same object where nothing is cut. */
export function bounded(value: unknown): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const kept = value.length > MAX_ELEMENTS ? value.slice(0, MAX_ELEMENTS) : value;
    const made = kept.map(bounded);
    return kept === value && made.every((element, index) => element === value[index]) ? value : made;
  }
  let made: Record<string, unknown> | undefined;
  for (const [key, field] of Object.entries(value)) {
    const kept = bounded(field);
    if (kept === field) continue;
    made ??= { ...value };
    made[key] = kept;
  }
  return made ?? value;
}
