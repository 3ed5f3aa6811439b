import { uplinkError } from '../errors.ts';
import type { AtomInput, Condition, Mutation, NamedUuid, Operation, RowInput, ValueInput } from './operation.ts';
import type { AtomType, ColumnSchema, DatabaseSchema } from './schema.ts';
import { columnOf, tableOf } from './schema.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** RFC 7047 §3.1 `<id>`. */
const ID = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * An operation as it goes over the wire. Throws `OVSDB_SCHEMA` for a table or column that the database does not have and `USAGE`
 * for a value that does not fit its column.
 */
export function encodeOperation(schema: DatabaseSchema, operation: Operation): Record<string, unknown> {
  const { op } = operation;
  switch (op) {
    case 'insert': {
      const { table, row, name } = operation;
      if (name !== undefined && !ID.test(name)) throw misfit(table, 'a name like "row1"', name);
      return { op, table, row: encodeRow(schema, table, row), ...(name === undefined ? {} : { 'uuid-name': name }) };
    }
    case 'select': {
      const { table, where, columns } = operation;
      for (const column of columns ?? []) columnOf(schema, table, column);
      return { op, table, where: encodeWhere(schema, table, where), ...(columns === undefined ? {} : { columns }) };
    }
    case 'update': {
      const { table, where, row } = operation;
      return { op, table, where: encodeWhere(schema, table, where), row: encodeRow(schema, table, row) };
    }
    case 'mutate': {
      const { table, where, mutations } = operation;
      return {
        op,
        table,
        where: encodeWhere(schema, table, where),
        mutations: mutations.map(mutation => encodeMutation(schema, table, mutation)),
      };
    }
    case 'delete':
      return { op, table: operation.table, where: encodeWhere(schema, operation.table, operation.where) };
    case 'wait': {
      const { table, where, columns, until, rows, timeoutMs } = operation;
      return {
        op,
        table,
        where: encodeWhere(schema, table, where),
        columns,
        until,
        rows: rows.map(row => encodeRow(schema, table, row)),
        ...(timeoutMs === null ? {} : { timeout: timeoutMs }),
      };
    }
    case 'commit':
    case 'comment':
    case 'assert':
    case 'abort':
      return { ...operation };
  }
}

/** `where` as it goes over the wire. Throws as {@link encodeOperation}. */
export function encodeWhere(schema: DatabaseSchema, table: string, where: readonly Condition[]): unknown[] {
  tableOf(schema, table);
  return where.map(([column, test, value]) => [
    column,
    test,
    encodeValue(columnOf(schema, table, column), table, value),
  ]);
}

function encodeRow(schema: DatabaseSchema, table: string, row: RowInput): Record<string, unknown> {
  tableOf(schema, table);
  const encoded: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    encoded[column] = encodeValue(columnOf(schema, table, column), table, value);
  }
  return encoded;
}

function encodeMutation(schema: DatabaseSchema, table: string, [name, mutator, value]: Mutation): unknown[] {
  const column = columnOf(schema, table, name);
  // Keys alone are enough to delete from a map (RFC 7047 §5.1).
  const keysOnly = mutator === 'delete' && column.shape === 'map' && Array.isArray(value);
  // Arithmetic takes a scalar also where the column is a set: each element is changed.
  const arithmetic = mutator !== 'insert' && mutator !== 'delete';
  if (arithmetic) return [name, mutator, encodeAtom(column, column.key, table, value as AtomInput)];
  const target: ColumnSchema = keysOnly ? { ...column, shape: 'set', value: null } : column;
  return [name, mutator, encodeValue({ ...target, min: 0 }, table, value)];
}

/** A value as it goes over the wire (RFC 7047 §5.1 `<value>`). Throws `USAGE`. */
export function encodeValue(column: ColumnSchema, table: string, value: ValueInput): unknown {
  if (column.shape === 'map') {
    if (!isMapInput(value)) throw misfit(`${table}.${column.name}`, 'an object or a Map', value);
    const pairs: [AtomInput, AtomInput][] =
      value instanceof Map
        ? [...value]
        : Object.entries(value).map(([key, of]) => [keyFromText(column.key, key), of as AtomInput]);
    return [
      'map',
      pairs.map(([key, of]) => [
        encodeAtom(column, column.key, table, key),
        encodeAtom(column, column.value ?? 'string', table, of),
      ]),
    ];
  }
  const elements: readonly AtomInput[] = value === null ? [] : Array.isArray(value) ? value : [value as AtomInput];
  if (elements.length < column.min || elements.length > column.max) {
    const expected = column.max === 1 ? (column.min === 1 ? 'exactly one value' : 'one value or null') : 'fewer values';
    throw misfit(`${table}.${column.name}`, expected, value);
  }
  const atoms = elements.map(element => encodeAtom(column, column.key, table, element));
  return atoms.length === 1 ? atoms[0] : ['set', atoms];
}

function encodeAtom(column: ColumnSchema, type: AtomType, table: string, atom: AtomInput | undefined): unknown {
  const where = `${table}.${column.name}`;
  switch (type) {
    case 'integer':
      if (!Number.isSafeInteger(atom)) throw misfit(where, 'an integer within ±2^53', atom);
      return atom;
    case 'real':
      if (typeof atom !== 'number' || !Number.isFinite(atom)) throw misfit(where, 'a number', atom);
      return atom;
    case 'boolean':
      if (typeof atom !== 'boolean') throw misfit(where, 'true or false', atom);
      return atom;
    case 'string':
      if (typeof atom !== 'string') throw misfit(where, 'a string', atom);
      // ovsdb-server closes the connection on \u0000, and on text that is not UTF-8, instead of refusing the transaction.
      if (atom.includes('\0') || !atom.isWellFormed()) throw misfit(where, 'text without NUL or lone surrogates', atom);
      return atom;
    case 'uuid':
      if (isNamedUuid(atom)) {
        if (!ID.test(atom.namedUuid)) throw misfit(where, 'a name like "row1"', atom.namedUuid);
        return ['named-uuid', atom.namedUuid];
      }
      if (typeof atom !== 'string' || !UUID.test(atom)) throw misfit(where, 'a uuid or namedUuid(…)', atom);
      return ['uuid', atom];
  }
}

/** Keys of an object are text; a map with another type of key takes them converted. */
function keyFromText(type: AtomType, key: string): AtomInput {
  if (type === 'integer' || type === 'real') return Number(key);
  if (type === 'boolean') return key === 'true';
  return key;
}

function isMapInput(value: ValueInput): value is Readonly<Record<string, AtomInput>> | ReadonlyMap<string, AtomInput> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNamedUuid(value);
}

function isNamedUuid(value: unknown): value is NamedUuid {
  return typeof value === 'object' && value !== null && 'namedUuid' in value && typeof value.namedUuid === 'string';
}

function misfit(object: string, expected: string, got: unknown) {
  const text = String(JSON.stringify(got)).slice(0, 200);
  return uplinkError('USAGE', { what: 'the value does not fit its column', object, expected, got: text });
}
