import type { OvsBridge, OvsInterface, OvsPort, OvsState } from '../../../domain/ovs-state.ts';
import type { Failure } from '../../../errors.ts';

/** Columns that ovs-vswitchd reads and no client of ours monitors. */
export interface InterfaceSettings {
  readonly mac: string | null;
  readonly mtuRequest: number | null;
}

/** The tables while a transaction changes them. Rows are replaced, never changed in place. */
export interface Tables {
  nextCfg: number;
  curCfg: number;
  flowRestoreWait: boolean;
  bridges: OvsBridge[];
  ports: OvsPort[];
  interfaces: OvsInterface[];
}

/** Changes of status; what is left out stays. */
export interface Status {
  readonly curCfg?: number;
  readonly bridge?: (row: OvsBridge) => OvsBridge;
  readonly interface?: (row: OvsInterface) => OvsInterface;
}

/** ovsdb-server: the rows, and what keeps them whole. */
export interface Database {
  state(): OvsState;
  settings(interfaceUuid: string): InterfaceSettings;
  setSettings(interfaceUuid: string, settings: InterfaceSettings): void;
  newUuid(): string;
  /**
   * Carries out one transaction, all of it or nothing; then rows that nothing refers to vanish. A name that is there twice is a
   * `constraint violation`, worded as the real client tells it.
   */
  transact(change: (tables: Tables) => Failure | undefined): Failure | undefined;
  /** What ovs-vswitchd tells in one transaction: columns of status, which break no rule. A row given back as it is stays as it is. */
  tell(status: Status): void;
  /** What a restart of ovsdb-server loses: columns that the schema calls ephemeral. */
  loseEphemeral(): void;
  /** Told after each transaction that changed something. */
  subscribe(listener: () => void): () => void;
}

const NO_SETTINGS: InterfaceSettings = { mac: null, mtuRequest: null };

/** Makes the database. */
export function createDatabase(initial: OvsState): Database {
  let state = initial;
  let lastUuid = 0;
  const settings = new Map<string, InterfaceSettings>();
  const listeners = new Set<() => void>();

  function publish(next: OvsState): void {
    if (next === state) return;
    state = next;
    for (const listener of [...listeners]) listener();
  }

  return {
    state: () => state,
    settings: uuid => settings.get(uuid) ?? NO_SETTINGS,
    setSettings: (uuid, next) => void settings.set(uuid, next),
    newUuid() {
      lastUuid += 1;
      return `${lastUuid.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    },
    transact(change) {
      const { system } = state;
      const tables: Tables = {
        nextCfg: system?.nextCfg ?? 0,
        curCfg: system?.curCfg ?? 0,
        flowRestoreWait: system?.flowRestoreWait ?? false,
        bridges: [...state.bridges],
        ports: [...state.ports],
        interfaces: [...state.interfaces],
      };
      const failure = change(tables) ?? collectGarbage(tables) ?? checkNames(tables);
      if (failure !== undefined) return failure;
      publish(merge(state, tables));
      for (const uuid of settings.keys()) {
        if (!state.interfaces.some(row => row.uuid === uuid)) settings.delete(uuid);
      }
      return undefined;
    },
    tell({ curCfg, bridge, interface: each }) {
      const { system } = state;
      const bridges = bridge === undefined ? state.bridges : replaced(state.bridges, bridge);
      const interfaces = each === undefined ? state.interfaces : replaced(state.interfaces, each);
      const isSameCfg = system === null || curCfg === undefined || curCfg === system.curCfg;
      if (isSameCfg && bridges === state.bridges && interfaces === state.interfaces) return;
      publish({ ...state, system: isSameCfg ? system : { ...system, curCfg }, bridges, interfaces });
    },
    loseEphemeral() {
      publish({
        ...state,
        bridges: state.bridges.map(row => ({ ...row, datapathId: null })),
        interfaces: state.interfaces.map(row => ({ ...row, ifindex: null, macInUse: null, mtu: null })),
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Only Open_vSwitch is a root table: ports that no bridge and interfaces that no port has vanish. */
function collectGarbage(tables: Tables): undefined {
  const ports = new Set(tables.bridges.flatMap(row => row.ports));
  if (tables.ports.some(row => !ports.has(row.uuid))) tables.ports = tables.ports.filter(row => ports.has(row.uuid));
  const interfaces = new Set(tables.ports.flatMap(row => row.interfaces));
  if (tables.interfaces.some(row => !interfaces.has(row.uuid))) {
    tables.interfaces = tables.interfaces.filter(row => interfaces.has(row.uuid));
  }
}

function checkNames(tables: Tables): Failure | undefined {
  return (
    checkTable('Bridge', tables.bridges) ??
    checkTable('Interface', tables.interfaces) ??
    checkTable('Port', tables.ports)
  );
}

function checkTable(
  table: string,
  rows: readonly { readonly uuid: string; readonly name: string }[],
): Failure | undefined {
  for (const [at, row] of rows.entries()) {
    const first = rows.findIndex(other => other.name === row.name);
    if (first === at) continue;
    return {
      code: 'OVSDB_REFUSED',
      what: 'OVSDB refused the request',
      object: 'commit',
      ovsdbError: 'constraint violation',
      ovsdbDetails: `Transaction causes multiple rows in "${table}" table to have identical values (${row.name}) for index on column "name".  First row, with UUID ${rows[first]?.uuid}, existed in the database before this transaction and was not modified by the transaction.  Second row, with UUID ${row.uuid}, was inserted by this transaction.`,
    };
  }
  return undefined;
}

/** Keeps what did not change as the object that it was. */
function merge(state: OvsState, tables: Tables): OvsState {
  const bridges = same(state.bridges, tables.bridges);
  const ports = same(state.ports, tables.ports);
  const interfaces = same(state.interfaces, tables.interfaces);
  const old = state.system;
  const system =
    old === null ||
    (old.nextCfg === tables.nextCfg && old.curCfg === tables.curCfg && old.flowRestoreWait === tables.flowRestoreWait)
      ? old
      : { ...old, nextCfg: tables.nextCfg, curCfg: tables.curCfg, flowRestoreWait: tables.flowRestoreWait };
  if (system === old && bridges === state.bridges && ports === state.ports && interfaces === state.interfaces) {
    return state;
  }
  return { ...state, system, bridges, ports, interfaces };
}

function replaced<T>(rows: readonly T[], replace: (row: T) => T): readonly T[] {
  let next: T[] | undefined;
  for (const [at, row] of rows.entries()) {
    const other = replace(row);
    if (other === row) continue;
    next ??= [...rows];
    next[at] = other;
  }
  return next ?? rows;
}

function same<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return before.length === after.length && after.every((row, at) => row === before[at]) ? before : after;
}
