import { Composer, type Document, isMap, isNode, isScalar, LineCounter, Parser, visit } from 'yaml';
import type * as z from 'zod';
import { type ErrorDetails, type UplinkError, uplinkError } from '../../../errors.ts';
import { describeIssue } from './describe-issue.ts';
import { firstTooDeep, MOST_LEVELS } from './yaml-depth.ts';

/** The longest description; the longest of ours has 5 kB. */
const MAX_LENGTH = 256 * 1024;

/** Where a value stands in its file, from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A YAML text, and where in its file each value stands. */
export interface YamlSource {
  readonly data: unknown;
  /** Of the value at a path; of the nearest one that holds it where it is not there. */
  placeOf(path: readonly PropertyKey[]): SourcePlace;
  /** A `USAGE` error that begins with `file:line:column`, of the value at a path (or of the nearest one that is there). */
  errorAt(path: readonly PropertyKey[], what: string, details?: Omit<ErrorDetails, 'what'>): UplinkError;
  /** The same, of the key that the path ends with. */
  errorAtKey(path: readonly PropertyKey[], what: string, details?: Omit<ErrorDetails, 'what'>): UplinkError;
  /** The first issue in the file, as an error; the schema says what would have been right. */
  firstOf(issues: readonly z.core.$ZodIssue[], schema: z.core.$ZodType): UplinkError;
  /** The value at a path as a source of its own. */
  under(path: readonly PropertyKey[]): YamlSource;
}

/** What stands for `${name}`. */
export type Substitutes = Readonly<Record<string, string | number | boolean>>;

/** How to read. */
export interface ReadYamlOptions {
  /** In characters. */
  readonly maxLength?: number;
  /** Replaces `${name}` in texts; a text that is nothing else becomes the value itself. Names that are not there are left alone. */
  readonly substitutes?: Substitutes;
}

/** Reads one YAML document: core schema, no tags, no merge keys, every key once, no aliases, of bounded length and depth. Throws `USAGE`. */
export function readYaml(text: string, file: string, options: ReadYamlOptions = {}): YamlSource {
  const { maxLength = MAX_LENGTH, substitutes = {} } = options;
  if (text.length > maxLength) {
    const expected = `at most ${maxLength} characters`;
    throw uplinkError('USAGE', { what: 'description too large', object: file, expected, got: `${text.length}` });
  }
  const lines = new LineCounter();
  const placeAt = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errorOf = (offset: number, what: string, details: Omit<ErrorDetails, 'what'> = {}): UplinkError => {
    const { line, column } = placeAt(offset);
    return uplinkError('USAGE', { what: `${file}:${line}:${column}: ${what}`, ...details });
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = firstTooDeep(tokens);
  if (tooDeep !== undefined) throw errorOf(tooDeep, 'nested too deeply', { expected: `at most ${MOST_LEVELS} levels` });
  const composer = new Composer({
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: true,
    merge: false,
    logLevel: 'error',
  });
  const [document, second] = composer.compose(tokens, true, text.length);
  if (document === undefined) throw errorOf(0, 'broken YAML', { expected: 'a document' });
  // A warning is a tag that nobody defined: the value would be taken as a plain one.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw errorOf(problem.pos[0], 'broken YAML', describeProblem(problem));
  if (second !== undefined) throw errorOf(second.range[0], 'broken YAML', { expected: 'one document in a file' });
  visit(document, {
    Alias: (_key, node) => {
      throw errorOf(node.range?.[0] ?? 0, 'aliases are not usable here', { expected: 'the value itself' });
    },
    Scalar: (_key, node) => {
      if (typeof node.value === 'string') node.value = substitute(node.value, substitutes);
    },
  });
  return sourceOf(document, [], { placeAt, errorOf });
}

interface Places {
  placeAt(offset: number): SourcePlace;
  errorOf(offset: number, what: string, details?: Omit<ErrorDetails, 'what'>): UplinkError;
}

function sourceOf(document: Document, root: readonly PropertyKey[], places: Places): YamlSource {
  const { placeAt, errorOf } = places;
  const offset = (path: readonly PropertyKey[], ofKey = false): number => offsetOf(document, [...root, ...path], ofKey);
  const node = root.length === 0 ? document : document.getIn(root, true);
  const data: unknown = isNode(node) ? node.toJS(document) : root.length === 0 ? document.toJS() : undefined;
  return {
    data,
    placeOf: path => placeAt(offset(path)),
    errorAt: (path, what, details) => errorOf(offset(path), what, details),
    errorAtKey: (path, what, details) => errorOf(offset(path, true), what, details),
    firstOf(issues, schema) {
      const described = issues
        .flatMap(issue => describeIssue(issue, schema, data))
        // What a mapping lacks may be what is only misspelt inside it.
        .filter((one, _at, all) => !all.some(other => isInside(other.path, one.path)))
        .map(one => ({ ...one, offset: offset(one.path, one.ofKey) }));
      const first = described.toSorted((a, b) => a.offset - b.offset)[0];
      return first === undefined ? errorOf(0, 'not a description') : errorOf(first.offset, first.what, first.details);
    },
    under: path => sourceOf(document, [...root, ...path], places),
  };
}

function isInside(path: readonly PropertyKey[], holder: readonly PropertyKey[]): boolean {
  return path.length > holder.length && holder.every((key, at) => path[at] === key);
}

function describeProblem({ code, message }: { readonly code: string; readonly message: string }) {
  switch (code) {
    case 'DUPLICATE_KEY':
      return { expected: 'every key once' };
    case 'TAG_RESOLVE_FAILED':
      return { expected: 'plain values without tags', got: message };
    case 'TAB_AS_INDENT':
      return { expected: 'spaces as indentation', got: 'a tab' };
    default:
      return { got: message };
  }
}

function substitute(text: string, substitutes: Substitutes): string | number | boolean {
  const whole = /^\$\{(\w+)\}$/.exec(text)?.[1];
  if (whole !== undefined && Object.hasOwn(substitutes, whole)) return substitutes[whole]!;
  return text.replace(/\$\{(\w+)\}/g, (said, name: string) =>
    Object.hasOwn(substitutes, name) ? String(substitutes[name]) : said,
  );
}

/** Offset of a value, or of its key; where there is none, of what should hold it. */
function offsetOf(document: Document, path: readonly PropertyKey[], ofKey = false): number {
  if (path.length === 0) return document.contents?.range?.[0] ?? 0;
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (ofKey && isMap(parent)) {
    const pair = parent.items.find(item => isScalar(item.key) && String(item.key.value) === path.at(-1));
    if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0;
  }
  const node = document.getIn(path, true);
  if (isNode(node)) return node.range?.[0] ?? 0;
  return offsetOf(document, path.slice(0, -1));
}
