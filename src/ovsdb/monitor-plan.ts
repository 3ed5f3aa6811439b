import { encodeWhere } from './encode.ts';
import type { Condition } from './operation.ts';
import { columnOf, type DatabaseSchema, tableOf } from './schema.ts';
import { type ColumnCodec, columnCodec, type Row, type Value } from './value.ts';

/** What to monitor: table to columns. */
export type MonitorRequest = Readonly<Record<string, MonitorTable>>;

export interface MonitorTable {
  readonly columns: readonly string[];
  /** Columns that an older schema may lack; where it does they are left out of the rows. */
  readonly optionalColumns?: readonly string[];
  /** Only rows for which **any** of the conditions holds (ovsdb-server(7) §4.1.12), all rows where there is none; needs Open vSwitch 2.6 or later on the server. */
  readonly where?: readonly Condition[];
}

/** A {@link MonitorRequest} checked against a schema. */
export interface MonitorPlan {
  readonly tables: ReadonlyMap<string, TablePlan>;
  readonly conditional: boolean;
}

export interface TablePlan {
  readonly name: string;
  readonly codecs: ReadonlyMap<string, ColumnCodec>;
  /** A row of defaults: what the server leaves out. */
  readonly defaults: Row;
  /** `where` on the wire; undefined for all rows. */
  readonly where: readonly unknown[] | undefined;
}

/** Checks a request against a schema. Throws `OVSDB_SCHEMA` for an unknown table or column, `USAGE` for a condition that does not fit. */
export function planMonitor(schema: DatabaseSchema, request: MonitorRequest): MonitorPlan {
  const tables = new Map<string, TablePlan>();
  let conditional = false;
  for (const [name, { columns, optionalColumns = [], where = [] }] of Object.entries(request)) {
    const table = tableOf(schema, name);
    const codecs = new Map<string, ColumnCodec>();
    for (const column of columns) codecs.set(column, columnCodec(columnOf(schema, name, column)));
    for (const column of optionalColumns) {
      const found = table.columns.get(column);
      if (found !== undefined) codecs.set(column, columnCodec(found));
    }
    const defaults = templateRow([...codecs.keys()]);
    for (const [column, codec] of codecs) defaults[column] = codec.defaultValue;
    conditional ||= where.length > 0;
    tables.set(name, {
      name,
      codecs,
      defaults,
      where: where.length === 0 ? undefined : encodeWhere(schema, name, where),
    });
  }
  return { tables, conditional };
}

/**
 * A row of nulls that V8 keeps as a struct. An object of more than a dozen keys that is filled key by key becomes a hash table, and
 * so would every row copied from it: three times slower to fill and twice as big. JSON.parse makes structs.
 */
function templateRow(columns: readonly string[]): Record<string, Value> {
  return JSON.parse(`{${columns.map(column => `${JSON.stringify(column)}:null`).join(',')}}`);
}

/** The `<monitor-requests>` of a plan: with `where` for monitor_cond and monitor_cond_since, without for monitor. */
export function monitorRequests(plan: MonitorPlan): Record<string, unknown> {
  const requests: Record<string, unknown> = {};
  for (const { name, codecs, where } of plan.tables.values()) {
    requests[name] = [{ columns: [...codecs.keys()], ...(where === undefined ? {} : { where }) }];
  }
  return requests;
}
