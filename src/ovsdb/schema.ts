import { uplinkError } from '../errors.ts';

/** The type of an atom (RFC 7047 §3.2). */
export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

/** How a column's value looks in a row of ours. */
export type ColumnShape =
  /** The atom itself. */
  | 'scalar'
  /** The atom, or null. */
  | 'optional'
  /** An array, sorted. */
  | 'set'
  /** An object. */
  | 'map';

export interface ColumnSchema {
  readonly name: string;
  readonly shape: ColumnShape;
  readonly key: AtomType;
  /** The type of a map's values; null for what is not a map. */
  readonly value: AtomType | null;
  readonly min: 0 | 1;
  /** Infinity for unlimited. */
  readonly max: number;
  readonly mutable: boolean;
  readonly ephemeral: boolean;
  /** The table that a uuid key refers to. */
  readonly refTable: string | null;
  /** The only atoms allowed as key; null where all are. */
  readonly allowed: readonly (string | number)[] | null;
}

export interface TableSchema {
  readonly name: string;
  /** With the columns `_uuid` and `_version` that every table has. */
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  readonly isRoot: boolean;
}

export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
}

const ATOM_TYPES: ReadonlySet<unknown> = new Set(['integer', 'real', 'boolean', 'string', 'uuid']);

/** Reads a database schema as get_schema returns it (RFC 7047 §3.2, §4.1.2). Throws `OVSDB_PROTOCOL`. */
export function parseSchema(json: unknown): DatabaseSchema {
  const schema = object(json, 'schema');
  const tables = new Map<string, TableSchema>();
  for (const [name, tableJson] of Object.entries(object(schema.tables, 'tables'))) {
    const table = object(tableJson, name);
    const columns = new Map<string, ColumnSchema>();
    for (const [column, columnJson] of Object.entries(object(table.columns, name))) {
      columns.set(column, parseColumn(`${name}.${column}`, column, object(columnJson, `${name}.${column}`)));
    }
    for (const implicit of ['_uuid', '_version']) columns.set(implicit, implicitColumn(implicit));
    tables.set(name, { name, columns, isRoot: table.isRoot === true });
  }
  return { name: String(schema.name), version: String(schema.version ?? ''), tables };
}

/** The table of this name. Throws `OVSDB_SCHEMA`. */
export function tableOf(schema: DatabaseSchema, table: string): TableSchema {
  const found = schema.tables.get(table);
  if (found !== undefined) return found;
  throw uplinkError('OVSDB_SCHEMA', {
    what: 'the database has no such table',
    object: table,
    expected: `one of ${[...schema.tables.keys()].join(', ')}`,
    got: `${schema.name} ${schema.version}`,
  });
}

/** The column of this name. Throws `OVSDB_SCHEMA`. */
export function columnOf(schema: DatabaseSchema, table: string, column: string): ColumnSchema {
  const found = tableOf(schema, table).columns.get(column);
  if (found !== undefined) return found;
  throw uplinkError('OVSDB_SCHEMA', {
    what: 'the table has no such column',
    object: `${table}.${column}`,
    got: `${schema.name} ${schema.version}`,
    advice: 'use an Open vSwitch release whose schema has it, or name it as optional',
  });
}

function parseColumn(where: string, name: string, column: Record<string, unknown>): ColumnSchema {
  const type: Record<string, unknown> =
    typeof column.type === 'string' ? { key: column.type } : object(column.type, where);
  const key = parseBase(where, type.key);
  const value = type.value === undefined ? null : parseBase(where, type.value).type;
  const min = type.min === 0 ? 0 : 1;
  const max = type.max === 'unlimited' ? Number.POSITIVE_INFINITY : Number(type.max ?? 1);
  if (!(max >= 1)) throw malformed(where, `max ${String(type.max)}`);
  const shape = value !== null ? 'map' : max > 1 ? 'set' : min === 0 ? 'optional' : 'scalar';
  return {
    name,
    shape,
    key: key.type,
    value,
    min,
    max,
    mutable: column.mutable !== false,
    ephemeral: column.ephemeral === true,
    refTable: key.refTable,
    allowed: key.allowed,
  };
}

function parseBase(where: string, json: unknown): Pick<ColumnSchema, 'refTable' | 'allowed'> & { type: AtomType } {
  const base = typeof json === 'string' ? { type: json } : object(json, where);
  if (!isAtomType(base.type)) throw malformed(where, `type ${JSON.stringify(base.type)}`);
  const listed = base.enum;
  const allowed = Array.isArray(listed) && listed[0] === 'set' ? listed[1] : listed === undefined ? null : [listed];
  return {
    type: base.type,
    refTable: typeof base.refTable === 'string' ? base.refTable : null,
    allowed: Array.isArray(allowed) ? allowed : null,
  };
}

function implicitColumn(name: string): ColumnSchema {
  return {
    name,
    shape: 'scalar',
    key: 'uuid',
    value: null,
    min: 1,
    max: 1,
    mutable: false,
    ephemeral: false,
    refTable: null,
    allowed: null,
  };
}

function isAtomType(type: unknown): type is AtomType {
  return ATOM_TYPES.has(type);
}

function object(json: unknown, where: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(where, JSON.stringify(json));
  return json as Record<string, unknown>;
}

function malformed(where: string, got: string) {
  return uplinkError('OVSDB_PROTOCOL', { what: 'the server sent a schema that cannot be read', object: where, got });
}
