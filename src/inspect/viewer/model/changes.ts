/** A part of a value that is not as it was. */
export interface Change {
  /** `routes › default via 10.9.0.1 › table`. */
  readonly path: readonly string[];
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: unknown;
  readonly after: unknown;
}

/** What is different between two JSON values, part by part; parts that are the same object are not looked into. */
export function changesBetween(before: unknown, after: unknown, path: readonly string[] = []): readonly Change[] {
  if (before === after) return [];
  if (before === undefined) return [{ path, kind: 'added', before, after }];
  if (after === undefined) return [{ path, kind: 'removed', before, after }];
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [{ path, kind: 'changed', before, after }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap(key => changesBetween(own(before, key), own(after, key), [...path, key]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A value in one line, cut where it is long. */
export function shortText(value: unknown, limit = 160): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

const SIGNS = { added: '+', removed: '−', changed: '~' } as const;
/** Changes that are named; of more, how many. */
const MAX_NAMED = 2;

/** What is different between two states of a host, in one line: `+ default via 10.9.0.1 dev eth0`. */
export function hostText(before: unknown, after: unknown): string {
  if (before === undefined) return 'the host is looked at';
  const texts = changesBetween(before, after).map(({ path, kind }) => `${SIGNS[kind]} ${nameOf(path)}`);
  const named = [...new Set(texts)];
  if (named.length === 0) return 'host: as it was';
  const more = named.length > MAX_NAMED ? `, and ${named.length - MAX_NAMED} more` : '';
  return `host: ${named.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/** Within its section; a section that comes or goes as a whole is named itself. */
function nameOf(path: readonly string[]): string {
  return (path.length > 1 ? path.slice(1) : path).join(' ');
}
