import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { type ErrorDetails, type UplinkError, uplinkError } from '../../../errors.ts';

/** The longest description; the longest of ours has 5 kB. */
const MAX_LENGTH = 256 * 1024;

/** A YAML text, and where in its file each value stands. */
export interface YamlSource {
  readonly data: unknown;
  /** A `USAGE` error that begins with `file:line:column`, of the value at a path (or of the nearest one that is there). */
  errorAt(path: readonly PropertyKey[], what: string, details?: Omit<ErrorDetails, 'what'>): UplinkError;
  /** The first issue in the file, as an error. */
  firstOf(issues: readonly z.core.$ZodIssue[]): UplinkError;
}

/** Reads one YAML document: core schema, no tags, no merge keys, every key once, no anchors. Throws `USAGE`. */
export function readYaml(text: string, file: string): YamlSource {
  if (text.length > MAX_LENGTH) {
    const expected = `at most ${MAX_LENGTH} characters`;
    throw uplinkError('USAGE', { what: 'description too large', object: file, expected, got: `${text.length}` });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const errorOf = (offset: number, what: string, details: Omit<ErrorDetails, 'what'> = {}): UplinkError => {
    const { line, col } = lines.linePos(offset);
    const place = `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
    return uplinkError('USAGE', { what: `${place}: ${what}`, ...details });
  };
  // A warning is a tag that nobody defined: the value would be taken as a plain one.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw errorOf(problem.pos[0], 'broken YAML', { got: problem.message });
  visit(document, {
    Alias: (_key, node) => {
      throw errorOf(node.range?.[0] ?? 0, 'aliases are not usable here', { expected: 'the value itself' });
    },
  });
  return {
    data: document.toJS(),
    errorAt: (path, what, details) => errorOf(offsetOf(document, path), what, details),
    firstOf(issues) {
      const described = issues.flatMap(issue => describe(document, issue));
      const first = described.toSorted((a, b) => a.offset - b.offset)[0];
      return first === undefined ? errorOf(0, 'not a description') : errorOf(first.offset, first.what, first.details);
    },
  };
}

interface Described {
  readonly offset: number;
  readonly what: string;
  readonly details: { expected?: string; got?: string };
}

function describe(document: Document, issue: z.core.$ZodIssue): Described[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      offset: offsetOf(document, [...issue.path, key], true),
      what: 'unknown key',
      details: { got: key },
    }));
  }
  const offset = offsetOf(document, issue.path);
  const key = issue.path.join('.');
  const at = key === '' ? '' : `${key}: `;
  if (issue.code === 'custom') return [{ offset, what: at + issue.message, details: {} }];
  return [{ offset, what: `${at}wrong value`, details: { expected: issue.message } }];
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
