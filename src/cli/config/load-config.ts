import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import type { UplinkError } from '../../errors.ts';
import { usageError } from '../parse/usage-error.ts';
import type { Settings } from '../settings.ts';
import { CONFIG_KEYS, configSchema, failureOfIssue, LINK_KEYS } from './config-schema.ts';
import { readConfigText } from './read-config-text.ts';

/** Aliases in a configuration file; more than anyone writes by hand, too few for a bomb. */
const MAX_ALIASES = 16;

/** Reads and checks a configuration file. Rejects with one `USAGE` error that says `file:line:column`, the first in the file. */
export async function loadConfig(path: string): Promise<Settings> {
  const source = new Source(path, await readConfigText(path));
  const parsed = configSchema(path).safeParse(source.toData());
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(issue => source.describe(issue)).sort((a, b) => a.offset - b.offset);
  throw errors[0]!.error;
}

/** A configuration file: its text, its YAML nodes, and where in the file each stands. */
class Source {
  readonly #path: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      schema: 'core',
      resolveKnownTags: false,
      stringKeys: true,
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
      logLevel: 'error', // with 'silent' further documents are dropped without a word
    });
    // A warning is a tag that nobody defined: the value would be taken as a plain one.
    const problem = this.#document.errors[0] ?? this.#document.warnings[0];
    if (problem === undefined) return;
    throw this.#errorAt(problem.pos[0], 'broken YAML', {
      expected: expectedInstead(problem.code),
      got: problem.message,
    });
  }

  toData(): unknown {
    const aliases: number[] = [];
    visit(this.#document, {
      Alias: (_key, node) => {
        aliases.push(node.range?.[0] ?? 0);
      },
    });
    const tooMany = aliases[MAX_ALIASES];
    const error = (offset: number, got: string) =>
      this.#errorAt(offset, 'aliases are not usable', {
        expected: `at most ${MAX_ALIASES}, each after its anchor`,
        got,
      });
    if (tooMany !== undefined) throw error(tooMany, `${aliases.length}`);
    try {
      // An empty file configures nothing.
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
    } catch (thrown) {
      throw error(aliases[0] ?? 0, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  describe(issue: z.core.$ZodIssue): { offset: number; error: UplinkError }[] {
    if (issue.code === 'unrecognized_keys') {
      const candidates = issue.path.length === 0 ? CONFIG_KEYS : LINK_KEYS;
      return issue.keys.map(key => {
        const offset = this.#offsetOf([...issue.path, key], true);
        return { offset, error: this.#errorAt(offset, 'unknown key', { got: key, candidates }) };
      });
    }
    if (issue.code === 'invalid_union') {
      // One value or a list of them: what was given decides which of the two explanations is the right one.
      const isList = Array.isArray(this.#valueAt(issue.path));
      const branch = issue.errors[isList ? 0 : 1] ?? [];
      return branch.flatMap(inner => this.describe({ ...inner, path: [...issue.path, ...inner.path] }));
    }
    const offset = this.#offsetOf(issue.path, false);
    const key = issue.path.join('.');
    const failure = failureOfIssue(issue);
    if (failure !== undefined) {
      // The text was quoted when the failure was made.
      const { what, expected, got, advice } = failure;
      const details = { ...(expected && { expected }), ...(got && { got: unquote(got) }), ...(advice && { advice }) };
      return [{ offset, error: this.#errorAt(offset, `${key}: ${what}`, details) }];
    }
    const expected = issue.code === 'invalid_type' ? nameOfType(issue.expected) : issue.message;
    const got = describeValue(this.#valueAt(issue.path));
    const what = key === '' ? 'wrong kind of configuration' : `${key}: wrong kind of value`;
    return [{ offset, error: this.#errorAt(offset, what, { expected, got }) }];
  }

  #valueAt(path: readonly PropertyKey[]): unknown {
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    return isNode(node) ? node.toJS(this.#document) : node;
  }

  #offsetOf(path: readonly PropertyKey[], ofKey: boolean): number {
    if (path.length === 0) return this.#document.contents?.range?.[0] ?? 0;
    if (ofKey) {
      const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
      const pair = isMap(parent)
        ? parent.items.find(item => isScalar(item.key) && String(item.key.value) === path.at(-1))
        : undefined;
      return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
    }
    const node = this.#document.getIn(path, true);
    if (isNode(node) || isAlias(node)) return node.range?.[0] ?? 0;
    return this.#offsetOf(path, true);
  }

  #errorAt(offset: number, what: string, details: Parameters<typeof usageError>[1]): UplinkError {
    const { line, col } = this.#lines.linePos(offset);
    return usageError(`${this.#path}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${what}`, details);
  }
}

function expectedInstead(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'every key once';
    case 'TAG_RESOLVE_FAILED':
      return 'plain values without tags';
    case 'MULTIPLE_DOCS':
      return 'one document';
    case 'TAB_AS_INDENT':
      return 'spaces as indentation';
    default:
      return 'keys and values, like "interface: eth0"';
  }
}

function nameOfType(type: string): string {
  switch (type) {
    case 'object':
      return 'keys and values';
    case 'string':
      return 'a text; write numbers and yes or no in quotes';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    default:
      return type;
  }
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'keys and values' : String(value);
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
