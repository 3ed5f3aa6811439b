import type { Atom } from './value.ts';

/** A row that the same transaction inserts under this name (RFC 7047 §5.1 `named-uuid`). */
export interface NamedUuid {
  readonly namedUuid: string;
}

/** An atom as an operation takes it; uuids are strings in their text form. */
export type AtomInput = Atom | NamedUuid;

/**
 * A value as an operation takes it; the schema says how it goes over the wire. null and `[]` are the empty set, a scalar
 * is a set of one, an object is a map. Pairs stand for a map whose values are {@link NamedUuid}s or whose keys are not strings.
 */
export type ValueInput =
  | AtomInput
  | null
  | readonly AtomInput[]
  | Readonly<Record<string, AtomInput>>
  | ReadonlyMap<Atom, AtomInput>;

export type RowInput = Readonly<Record<string, ValueInput>>;

/** RFC 7047 §5.1 `<condition>`; the conditions of one operation must all hold. */
export type Condition = readonly [
  column: string,
  test: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'includes' | 'excludes',
  value: ValueInput,
];

/** RFC 7047 §5.1 `<mutation>`. To delete keys of a map whatever their value, give an array of keys. */
export type Mutation = readonly [
  column: string,
  mutator: '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete',
  value: ValueInput,
];

/** An operation of a transaction (RFC 7047 §5.2), before its values are encoded by the schema. */
export type Operation =
  | { readonly op: 'insert'; readonly table: string; readonly row: RowInput; readonly name?: string }
  | {
      readonly op: 'select';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly columns?: readonly string[];
    }
  | { readonly op: 'update'; readonly table: string; readonly where: readonly Condition[]; readonly row: RowInput }
  | {
      readonly op: 'mutate';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly mutations: readonly Mutation[];
    }
  | { readonly op: 'delete'; readonly table: string; readonly where: readonly Condition[] }
  | {
      readonly op: 'wait';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly columns: readonly string[];
      readonly until: '==' | '!=';
      readonly rows: readonly RowInput[];
      /** Null waits for ever. */
      readonly timeoutMs: number | null;
    }
  | { readonly op: 'commit'; readonly durable: boolean }
  | { readonly op: 'comment'; readonly comment: string }
  | { readonly op: 'assert'; readonly lock: string }
  | { readonly op: 'abort' };

/** Refers to the row that `insert(…, name)` of the same transaction makes. The name is an RFC 7047 `<id>`. */
export function namedUuid(name: string): NamedUuid {
  return { namedUuid: name };
}

/** Inserts a row; columns left out take their defaults. A row that nothing refers to vanishes again unless its table is a root. */
export function insert(table: string, row: RowInput, name?: string): Operation {
  return name === undefined ? { op: 'insert', table, row } : { op: 'insert', table, row, name };
}

/** Reads the rows for which all conditions hold; without columns, all columns. */
export function select(table: string, where: readonly Condition[], columns?: readonly string[]): Operation {
  return columns === undefined ? { op: 'select', table, where } : { op: 'select', table, where, columns };
}

/** Sets columns of the rows for which all conditions hold. */
export function update(table: string, where: readonly Condition[], row: RowInput): Operation {
  return { op: 'update', table, where, row };
}

/** Changes columns in place: counts up, adds to or removes from a set or map. */
export function mutate(table: string, where: readonly Condition[], mutations: readonly Mutation[]): Operation {
  return { op: 'mutate', table, where, mutations };
}

/** Deletes the rows for which all conditions hold. Named so because `delete` is a word of the language. */
export function deleteRows(table: string, where: readonly Condition[]): Operation {
  return { op: 'delete', table, where };
}

/**
 * Goes on only when the columns of the selected rows equal (`==`) or differ from (`!=`) `rows`; refused with `timed out`
 * otherwise. `timeoutMs` 0 (the default) tests once; null waits for ever.
 */
export function wait(
  table: string,
  where: readonly Condition[],
  columns: readonly string[],
  until: '==' | '!=',
  rows: readonly RowInput[],
  timeoutMs: number | null = 0,
): Operation {
  return { op: 'wait', table, where, columns, until, rows, timeoutMs };
}

/** A text for the server's log, kept with the transaction. */
export function comment(text: string): Operation {
  return { op: 'comment', comment: text };
}

/** Refuses the transaction unless this connection holds the lock. */
export function assertLock(lock: string): Operation {
  return { op: 'assert', lock };
}

/** With `durable`, the reply comes only when the change is on disk. */
export function commit(durable: boolean): Operation {
  return { op: 'commit', durable };
}
