/**
 * A change of a JSON value, as JSON: what it is now (in a list, for it may be null), or what changed within an object or list (`s`, by key or index;
 * `d`, keys that are gone), or a piece of a list that others took the place of (`a`: from where, how many, which).
 */
export type Patch =
  | readonly [unknown]
  | { readonly s?: Readonly<Record<string, Patch>>; readonly d?: readonly string[] }
  | { readonly a: readonly [start: number, count: number, items: readonly unknown[]] };

type Fields = Readonly<Record<string, unknown>>;

/**
 * What leads from one JSON value to another; null where they are equal. Parts that are the same object are not looked into, so that the work is in what
 * changed. The order of an object's fields does not count.
 */
export function diffValue(before: unknown, after: unknown): Patch | null {
  if (before === after) return null;
  if (Array.isArray(before) && Array.isArray(after)) return diffList(before, after);
  if (isFields(before) && isFields(after)) return diffFields(before, after);
  return [after];
}

/** The value that a patch leads to. Nothing is changed in place, and what the patch does not name stays the same object. */
export function applyPatch(before: unknown, patch: Patch | null): unknown {
  if (patch === null) return before;
  if (isReplacement(patch)) return patch[0];
  if ('a' in patch) {
    const [start, count, items] = patch.a;
    const list = before as readonly unknown[];
    return [...list.slice(0, start), ...items, ...list.slice(start + count)];
  }
  if (Array.isArray(before)) {
    const made = [...before];
    for (const [index, one] of Object.entries(patch.s ?? {}))
      made[Number(index)] = applyPatch(made[Number(index)], one);
    return made;
  }
  const made: Record<string, unknown> = { ...(before as Fields) };
  for (const key of patch.d ?? []) delete made[key];
  for (const [key, one] of Object.entries(patch.s ?? {})) setOwn(made, key, applyPatch(own(made, key), one));
  return made;
}

function diffFields(before: Fields, after: Fields): Patch | null {
  const set: Record<string, Patch> = {};
  const gone: string[] = [];
  let isSet = false;
  // What is undefined is absent once it is JSON.
  for (const key of Object.keys(after)) {
    if (after[key] === undefined) continue;
    const one: Patch | null = own(before, key) !== undefined ? diffValue(before[key], after[key]) : [after[key]];
    if (one === null) continue;
    setOwn(set, key, one);
    isSet = true;
  }
  for (const key of Object.keys(before)) if (own(after, key) === undefined && before[key] !== undefined) gone.push(key);
  if (!isSet && gone.length === 0) return null;
  return { ...(isSet ? { s: set } : {}), ...(gone.length > 0 ? { d: gone } : {}) };
}

function diffList(before: readonly unknown[], after: readonly unknown[]): Patch | null {
  if (before.length === after.length) {
    const set: Record<string, Patch> = {};
    let count = 0;
    for (let index = 0; index < after.length; index += 1) {
      const one = diffValue(before[index], after[index]);
      if (one === null) continue;
      set[index] = one;
      count += 1;
    }
    if (count === 0) return null;
    return count === after.length ? [after] : { s: set };
  }
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && diffValue(before[start], after[start]) === null) start += 1;
  let end = 0;
  while (end < shorter - start && diffValue(before.at(-1 - end), after.at(-1 - end)) === null) end += 1;
  return { a: [start, before.length - start - end, after.slice(start, after.length - end)] };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReplacement(patch: Patch): patch is readonly [unknown] {
  return Array.isArray(patch);
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** As JSON.parse does it: `__proto__` becomes a field like any other, rather than the prototype. */
function setOwn(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
  } else fields[key] = value;
}
