/** JSON, and nothing else. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values within values; what is nested deeper is told as text. */
const MAX_DEPTH = 64;
/** Elements of a list, and fields of an object: a host may have a million routes. */
const MAX_FIELDS = 2_000;
/** Characters of one text. */
const MAX_TEXT = 16_000;
/** Characters of the whole, about. A few shared objects can stand for gigabytes of text. */
const MAX_SIZE = 500_000;

/** What became of an object, for the next time that it is met. */
interface Known {
  readonly json: Json;
  readonly size: number;
  readonly height: number;
}

/** State of one conversion. */
interface Walk {
  room: number;
  /** The tallest of the values that were met since it was set to zero. */
  height: number;
  /** Something was left out for reasons that lie outside the value, so that the result must not be kept. */
  isCut: boolean;
  readonly open: Set<object>;
}

/** Objects are taken as unchanging, as those in a chart's context are: each is looked at once. */
const known = new WeakMap<object, Known>();

/**
 * The value as JSON of bounded depth and size; never throws. What is JSON already comes back as the same object, so that equal parts stay the same
 * from one context to the next. Errors become their name, message and code, a `bigint` and what is no finite number text; functions, cycles and
 * what cannot be read a word in parentheses.
 */
export function plain(value: unknown): Json {
  return convert(value, 0, { room: MAX_SIZE, height: 0, isCut: false, open: new Set() });
}

function convert(value: unknown, depth: number, walk: Walk): Json {
  switch (typeof value) {
    case 'string':
      walk.room -= Math.min(value.length, MAX_TEXT) + 2;
      return clip(value);
    case 'number':
      walk.room -= 8;
      // JSON has no negative zero.
      if (value === 0) return 0;
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      walk.room -= 5;
      return value;
    case 'object':
      return value === null ? null : convertObject(value, depth, walk);
    case 'undefined':
      return null;
    case 'function':
      return '(function)';
    default:
      return clip(String(value));
  }
}

function convertObject(value: object, depth: number, walk: Walk): Json {
  const before = known.get(value);
  if (before !== undefined && before.size <= walk.room && depth + before.height <= MAX_DEPTH) {
    walk.room -= before.size;
    walk.height = Math.max(walk.height, before.height);
    return before.json;
  }
  if (walk.room <= 0) return cut('(more)', walk);
  if (depth >= MAX_DEPTH) return cut('(deeper)', walk);
  if (walk.open.has(value)) return cut('(circular)', walk);
  const outer = { isCut: walk.isCut, height: walk.height };
  const room = walk.room;
  walk.isCut = false;
  walk.height = 0;
  walk.room -= 2;
  walk.open.add(value);
  let json: Json;
  try {
    json = read(value, depth, walk);
  } catch {
    json = cut('(unreadable)', walk);
  }
  walk.open.delete(value);
  walk.height += 1;
  if (!walk.isCut) {
    const made: Known = { json, size: room - walk.room, height: walk.height };
    known.set(value, made);
    if (typeof json === 'object' && json !== null) known.set(json, made);
  }
  walk.isCut ||= outer.isCut;
  walk.height = Math.max(walk.height, outer.height);
  return json;
}

function cut(text: string, walk: Walk): string {
  walk.isCut = true;
  walk.room -= text.length;
  return text;
}

/** What is shown of an object. Whatever it does when it is read may throw. */
function read(value: object, depth: number, walk: Walk): Json {
  if (Array.isArray(value)) return readList(value, depth, walk);
  if (value instanceof Error) {
    const { name, message } = value;
    const code = 'code' in value ? value.code : undefined;
    return readFields({ name, message, ...(code === undefined ? {} : { code }) }, depth, walk);
  }
  if (value instanceof Map) return readList([...first(value, MAX_FIELDS + 1)], depth, walk);
  if (value instanceof Set) return readList([...first(value, MAX_FIELDS + 1)], depth, walk);
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  // Snapshots, actors and dates.
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), depth + 1, walk);
  return readFields(value, depth, walk);
}

function readList(list: readonly unknown[], depth: number, walk: Walk): Json {
  const made: Json[] = [];
  for (let index = 0; index < list.length; index += 1) {
    if (index === MAX_FIELDS || walk.room <= 0) {
      if (walk.room <= 0) walk.isCut = true;
      made.push(`(${list.length - index} more)`);
      break;
    }
    made.push(convert(list[index], depth + 1, walk));
  }
  return made.length === list.length && made.every((one, index) => Object.is(one, list[index])) ? (list as Json) : made;
}

function readFields(value: object, depth: number, walk: Walk): Json {
  const made: Record<string, Json> = {};
  const prototype = Object.getPrototypeOf(value);
  let isSame = prototype === Object.prototype || prototype === null;
  let count = 0;
  for (const [key, field] of Object.entries(value)) {
    // A field of this name would become the prototype of whoever copies it carelessly.
    if (field === undefined || key === '__proto__') {
      isSame = false;
      continue;
    }
    if (count === MAX_FIELDS || walk.room <= 0) {
      if (walk.room <= 0) walk.isCut = true;
      made['(more)'] = '(more)';
      isSame = false;
      break;
    }
    count += 1;
    walk.room -= key.length + 3;
    const one = convert(field, depth + 1, walk);
    made[key] = one;
    isSame &&= Object.is(one, field);
  }
  return isSame ? (value as Json) : made;
}

function* first<T>(values: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const value of values) {
    if (left === 0) return;
    left -= 1;
    yield value;
  }
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
