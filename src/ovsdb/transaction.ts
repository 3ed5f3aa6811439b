import { type UplinkError, uplinkError } from '../errors.ts';
import { encodeOperation } from './encode.ts';
import type { Operation } from './operation.ts';
import { type DatabaseSchema, tableOf } from './schema.ts';
import { columnCodec, type Row } from './value.ts';

/** What an operation gave back; which member is there depends on the operation. */
export interface OperationResult {
  /** `insert`: the new row's uuid. */
  readonly uuid?: string;
  /** `update`, `mutate`, `delete`: how many rows. */
  readonly count?: number;
  /** `select`: the rows, with `_uuid` where no columns were named or `_uuid` was among them. */
  readonly rows?: readonly Row[];
}

/** The params of a `transact` request. Throws `OVSDB_SCHEMA` or `USAGE`. */
export function encodeTransaction(schema: DatabaseSchema, operations: readonly Operation[]): unknown[] {
  return [schema.name, ...operations.map(operation => encodeOperation(schema, operation))];
}

/**
 * Reads the result of `transact`. Throws `OVSDB_REFUSED` that names the operation which failed; a commit that failed has one
 * element more than there were operations, the error last (RFC 7047 §4.1.3).
 */
export function decodeTransaction(
  schema: DatabaseSchema,
  operations: readonly Operation[],
  result: unknown,
): OperationResult[] {
  if (!Array.isArray(result)) throw malformed(result);
  const failed = result.findIndex(one => typeof one === 'object' && one !== null && 'error' in one);
  if (failed !== -1) {
    const operation = operations[failed];
    const object = operation === undefined ? 'commit' : `operation ${failed + 1}: ${describeOperation(operation)}`;
    throw refused(object, result[failed]);
  }
  if (result.length < operations.length) throw malformed(result);
  return operations.map((operation, index) => decodeResult(schema, operation, result[index]));
}

/** An OVSDB `<error>` (RFC 7047 §3.1) as `OVSDB_REFUSED`; some servers send the text alone. */
export function refused(object: string, error: unknown): UplinkError {
  const { error: code, details } = (typeof error === 'object' && error !== null ? error : { error }) as Record<
    string,
    unknown
  >;
  return uplinkError('OVSDB_REFUSED', {
    what: 'OVSDB refused the request',
    object,
    ovsdbError: typeof code === 'string' ? code : String(JSON.stringify(code)),
    ...(typeof details === 'string' ? { ovsdbDetails: details } : {}),
  });
}

function decodeResult(schema: DatabaseSchema, operation: Operation, result: unknown): OperationResult {
  const { uuid, count, rows } = (result ?? {}) as Record<string, unknown>;
  switch (operation.op) {
    case 'insert':
      if (!Array.isArray(uuid) || typeof uuid[1] !== 'string') throw malformed(result);
      return { uuid: uuid[1] };
    case 'update':
    case 'mutate':
    case 'delete':
      if (typeof count !== 'number') throw malformed(result);
      return { count };
    case 'select':
      if (!Array.isArray(rows)) throw malformed(result);
      return { rows: rows.map(row => decodeSelected(schema, operation.table, row)) };
    default:
      return {};
  }
}

function decodeSelected(schema: DatabaseSchema, table: string, raw: Record<string, unknown>): Row {
  const { columns } = tableOf(schema, table);
  const row: Record<string, Row[string]> = {};
  for (const [name, value] of Object.entries(raw)) {
    const column = columns.get(name);
    if (column !== undefined) row[name] = columnCodec(column).decode(value);
  }
  return row;
}

function describeOperation(operation: Operation): string {
  return 'table' in operation ? `${operation.op} ${operation.table}` : operation.op;
}

function malformed(got: unknown): UplinkError {
  return uplinkError('OVSDB_PROTOCOL', {
    what: 'the server answered a transaction with something else than its results',
    got: String(JSON.stringify(got)).slice(0, 200),
  });
}
