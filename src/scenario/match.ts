import type { Match } from './scenario.ts';

/** One place where a value is not as expected. */
export interface Difference {
  /** `host.links.eth0.altnames`, `host.routes[1]`. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/**
 * Matches a value in part, as {@link Match} says, and tells every place that differs; an empty list means that it matches. `path` is what the
 * value is called.
 */
export function matchValue(expected: Match, got: unknown, path: string): readonly Difference[] {
  const differs = (): readonly Difference[] => [{ path, expected: textOf(expected), got: textOf(got) }];
  if (expected === null) return isNothing(got) ? [] : differs();
  if (typeof expected === 'string') return isText(expected, got) ? [] : differs();
  if (typeof expected !== 'object') return expected === got ? [] : differs();
  if (isList(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return differs();
    return expected.flatMap((one, at) => matchValue(one, got[at], `${path}[${at}]`));
  }
  if (Array.isArray(got)) return matchElements(expected, got, path) ?? differs();
  if (isNothing(got)) return Object.values(expected).every(one => one === null) ? [] : differs();
  if (typeof got !== 'object') return differs();
  return Object.entries(expected).flatMap(([key, one]) =>
    matchValue(one, (got as Readonly<Record<string, unknown>>)[key], path === '' ? key : `${path}.${key}`),
  );
}

/** True when a text is the one that is expected, or its pattern between slashes is found in it. */
export function isText(expected: string, got: unknown): boolean {
  const pattern = patternOf(expected);
  if (pattern === undefined) return expected === got;
  return (typeof got === 'string' || typeof got === 'number') && pattern.test(String(got));
}

/** `has` and `lacks` over a list; undefined for another mapping, which no list matches. */
function matchElements(
  expected: { readonly [key: string]: Match },
  got: readonly unknown[],
  path: string,
): readonly Difference[] | undefined {
  const { has = [], lacks = [], ...others } = expected;
  if (Object.keys(others).length > 0) return undefined;
  const holds = (one: Match): boolean => got.some(element => matchValue(one, element, '').length === 0);
  const missing = elementsOf(has).filter(one => !holds(one));
  const present = elementsOf(lacks).filter(holds);
  return [
    ...missing.map(one => ({ path, expected: `a list with ${textOf(one)}`, got: textOf(got) })),
    ...present.map(one => ({ path, expected: `a list without ${textOf(one)}`, got: textOf(got) })),
  ];
}

function elementsOf(match: Match): readonly Match[] {
  return isList(match) ? match : [match];
}

function isList(match: Match): match is readonly Match[] {
  return Array.isArray(match);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

const patterns = new Map<string, RegExp>();

function patternOf(text: string): RegExp | undefined {
  if (text.length < 3 || !text.startsWith('/') || !text.endsWith('/')) return undefined;
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    pattern = new RegExp(text.slice(1, -1));
    patterns.set(text, pattern);
  }
  return pattern;
}

/** A value as a mismatch shows it: JSON, but a text as it is. */
export function textOf(value: unknown): string {
  if (isNothing(value)) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
