import { uplinkError } from '../errors.ts';
import type { MonitorPlan, TablePlan } from './monitor-plan.ts';
import type { Row, Value } from './value.ts';

/** One row that changed. Rows are never changed in place, so both may be kept. */
export interface RowChange {
  readonly table: string;
  readonly uuid: string;
  readonly kind: 'insert' | 'modify' | 'delete';
  /** Undefined for `insert`. */
  readonly before: Row | undefined;
  /** Undefined for `delete`. */
  readonly after: Row | undefined;
}

/** A live copy of the monitored part of a database. */
export interface Replica {
  /** Table to uuid to row. The maps are live, the rows are not: a changed row is a new object. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, Row>>;
  /**
   * Tells every later change; the changes of one server transaction come in one call, after `tables` shows all of them. After a
   * reconnect only what really differs is told. Returns what ends it. Listeners must not block.
   */
  subscribe(listener: (changes: readonly RowChange[]) => void): () => void;
  /** False while disconnected, and until the copy has caught up again. */
  readonly synced: boolean;
  /** Ends the monitor; `tables` keeps its last content. */
  close(): void;
}

/** The tables of a {@link Replica} and how the server's messages change them. */
export interface RowStore {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, Row>>;
  /** Reads what follows by another plan of the same tables. True when its columns or their types differ: then `replace` must follow. */
  usePlan(plan: MonitorPlan): boolean;
  /** Applies one `update` (v1: `{old, new}` with whole rows) or `update2`/`update3` (v2: differences). Throws `OVSDB_PROTOCOL`. */
  apply(version: 1 | 2, updates: unknown): RowChange[];
  /** Replaces everything by a full download and returns what differs; the first time nothing, as there is nothing to differ from. Throws `OVSDB_PROTOCOL`. */
  replace(version: 1 | 2, updates: unknown): RowChange[];
}

/** Makes an empty store for what a plan monitors. */
export function createRowStore(first: MonitorPlan): RowStore {
  let plan = first;
  /** The rows were read by another plan. */
  let incomparable = false;
  let filled = false;
  const tables = new Map<string, Map<string, Row>>();
  for (const name of plan.tables.keys()) tables.set(name, new Map());

  function forEachRow(
    updates: unknown,
    visit: (plan: TablePlan, uuid: string, update: Record<string, unknown>) => void,
  ) {
    const byTable = record(updates);
    for (const table in byTable) {
      const tablePlan = plan.tables.get(table);
      if (tablePlan === undefined) throw inconsistent(table, 'an update of a table that is not monitored');
      const rows = record(byTable[table]);
      for (const uuid in rows) visit(tablePlan, uuid, record(rows[uuid]));
    }
  }

  function carryOut(changes: readonly RowChange[]): void {
    for (const { table, uuid, after } of changes) {
      const rows = tables.get(table);
      if (after === undefined) rows?.delete(uuid);
      else rows?.set(uuid, after);
    }
  }

  return {
    tables,
    usePlan(next) {
      const differs = typesOf(next) !== typesOf(plan);
      incomparable ||= differs;
      plan = next;
      return differs;
    },
    apply(version, updates) {
      // Everything is decoded before anything is changed: a message that makes no sense must not be applied by half.
      const changes: RowChange[] = [];
      forEachRow(updates, (tablePlan, uuid, update) => {
        const before = tables.get(tablePlan.name)?.get(uuid);
        const after = version === 1 ? wholeRow(tablePlan, update) : nextRow(tablePlan, uuid, before, update);
        const change = changeOf(tablePlan, uuid, before, after);
        if (change !== undefined) changes.push(change);
      });
      carryOut(changes);
      return changes;
    },
    replace(version, updates) {
      const changes: RowChange[] = [];
      if (!filled) {
        // Nobody can have subscribed yet, and this is the biggest message of all.
        forEachRow(updates, ({ name, defaults, codecs }, uuid, update) => {
          const whole = version === 1 ? update.new : (update.initial ?? update.insert);
          tables.get(name)?.set(uuid, rowOf(codecs, defaults, whole));
        });
        filled = true;
        return changes;
      }
      // Row uuids are random and unique over the whole database (RFC 7047 §3.1).
      const seen = new Set<string>();
      forEachRow(updates, (tablePlan, uuid, update) => {
        const before = tables.get(tablePlan.name)?.get(uuid);
        const after = version === 1 ? wholeRow(tablePlan, update) : nextRow(tablePlan, uuid, undefined, update);
        if (after === undefined) return;
        seen.add(uuid);
        const change =
          incomparable && before !== undefined
            ? ({ table: tablePlan.name, uuid, kind: 'modify', before, after } as const)
            : changeOf(tablePlan, uuid, before, after);
        if (change !== undefined) changes.push(change);
      });
      for (const [table, rows] of tables) {
        for (const [uuid, before] of rows) {
          if (!seen.has(uuid)) changes.push({ table, uuid, kind: 'delete', before, after: undefined });
        }
      }
      carryOut(changes);
      incomparable = false;
      return changes;
    },
  };
}

function typesOf(plan: MonitorPlan): string {
  return JSON.stringify(
    [...plan.tables.values()].map(({ name, codecs }) => [
      name,
      ...[...codecs.values()].map(({ column }) => [column.name, column.shape, column.key, column.value]),
    ]),
  );
}

function changeOf(plan: TablePlan, uuid: string, before: Row | undefined, after: Row | undefined) {
  const { name: table } = plan;
  if (before === undefined) {
    return after === undefined ? undefined : ({ table, uuid, kind: 'insert', before, after } as const);
  }
  if (after === undefined) return { table, uuid, kind: 'delete', before, after } as const;
  for (const [name, codec] of plan.codecs) {
    if (!codec.equal(before[name] as Value, after[name] as Value)) {
      return { table, uuid, kind: 'modify', before, after } as const;
    }
  }
  return undefined;
}

/** v1 (RFC 7047 §4.1.6): `new` has every monitored column; without it the row is gone. */
function wholeRow(plan: TablePlan, update: Record<string, unknown>): Row | undefined {
  return update.new === undefined ? undefined : rowOf(plan.codecs, plan.defaults, update.new);
}

function nextRow(plan: TablePlan, uuid: string, before: Row | undefined, update: Record<string, unknown>) {
  const whole = update.initial ?? update.insert;
  if (whole !== undefined) return rowOf(plan.codecs, plan.defaults, whole);
  if (update.delete !== undefined) return undefined;
  if (update.modify === undefined)
    throw inconsistent(plan.name, 'an update that is no initial, insert, modify or delete');
  if (before === undefined) throw inconsistent(`${plan.name} ${uuid}`, 'a modification of a row that was never sent');
  const row: Record<string, Value> = { ...before };
  for (const [name, raw] of Object.entries(record(update.modify))) {
    const codec = plan.codecs.get(name);
    if (codec !== undefined) row[name] = codec.applyDiff(before[name] as Value, raw);
  }
  return row;
}

function rowOf(codecs: TablePlan['codecs'], defaults: Row, raw: unknown): Row {
  const row: Record<string, Value> = { ...defaults };
  const values = record(raw);
  for (const name in values) {
    const codec = codecs.get(name);
    if (codec !== undefined) row[name] = codec.decode(values[name]);
  }
  return row;
}

function record(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw inconsistent('update', String(JSON.stringify(json)).slice(0, 200));
  }
  return json as Record<string, unknown>;
}

function inconsistent(object: string, got: string) {
  return uplinkError('OVSDB_PROTOCOL', { what: 'the server sent an update that makes no sense', object, got });
}
