import type { OvsBridge, OvsInterface, OvsPort, OvsState, OvsSystem } from '../domain/ovs-state.ts';
import { isSameVlan, type PortVlan, type VlanMode } from '../domain/port-spec.ts';
import type { OvsdbClient } from './client-types.ts';
import type { MonitorRequest } from './monitor-plan.ts';
import type { Replica, RowChange } from './replica.ts';
import type { Row } from './value.ts';

/** The columns that {@link OvsState} needs; statistics and status, which change all the time, are not among them. */
export const OPEN_VSWITCH_COLUMNS: MonitorRequest = {
  Open_vSwitch: {
    columns: ['next_cfg', 'cur_cfg', 'other_config'],
    optionalColumns: ['ovs_version', 'datapath_types', 'iface_types'],
  },
  Bridge: {
    columns: [
      'name',
      'datapath_type',
      'datapath_id',
      'fail_mode',
      'controller',
      'ports',
      'external_ids',
      'other_config',
    ],
  },
  Port: { columns: ['name', 'interfaces', 'external_ids', 'tag', 'trunks', 'vlan_mode'] },
  Interface: {
    columns: ['name', 'type', 'ofport', 'external_ids', 'options'],
    optionalColumns: ['error', 'ifindex', 'mac_in_use', 'mtu'],
  },
};

/** A live, typed copy of what the engine needs of the Open_vSwitch database. */
export interface OpenVswitchMonitor {
  /** The present state; the same object until something changes. */
  state(): OvsState;
  readonly replica: Replica;
  /** Tells each change, after `state()` shows it; returns what ends it. */
  subscribe(listener: (state: OvsState, changes: readonly RowChange[]) => void): () => void;
  /** Ends the monitor. */
  close(): void;
}

/** Starts the copy and resolves when it is filled. Rejects as {@link OvsdbClient.monitor}. */
export async function monitorOpenVswitch(
  client: OvsdbClient,
  limits: { readonly signal?: AbortSignal } = {},
): Promise<OpenVswitchMonitor> {
  const replica = await client.monitor(OPEN_VSWITCH_COLUMNS, limits);
  const systems = typedTable(replica, 'Open_vSwitch', readSystem);
  const bridges = typedTable(replica, 'Bridge', readBridge);
  const ports = typedTable(replica, 'Port', readPort);
  const interfaces = typedTable(replica, 'Interface', readInterface);
  const tables = [systems, bridges, ports, interfaces];
  let state: OvsState | undefined;

  function current(): OvsState {
    state ??= {
      schemaVersion: client.schema?.version ?? '',
      system: systems.list()[0] ?? null,
      bridges: bridges.list(),
      ports: ports.list(),
      interfaces: interfaces.list(),
    };
    return state;
  }

  // Ours is the first subscription, so that whoever subscribes to the replica sees the new state, too.
  replica.subscribe(changes => {
    state = undefined;
    for (const change of changes) {
      for (const table of tables) if (table.name === change.table) table.take(change);
    }
  });

  return {
    state: current,
    replica,
    subscribe: listener => replica.subscribe(changes => listener(current(), changes)),
    close: () => replica.close(),
  };
}

/** Keeps one typed object for each row, so that a change costs that row and one array, not a rebuild of all. */
function typedTable<T>(replica: Replica, name: string, read: (uuid: string, row: Row) => T) {
  const typed = new Map<string, T>();
  for (const [uuid, row] of replica.tables.get(name) ?? []) typed.set(uuid, read(uuid, row));
  let array: readonly T[] | undefined;
  return {
    name,
    take({ uuid, after }: RowChange): void {
      array = undefined;
      if (after === undefined) typed.delete(uuid);
      else typed.set(uuid, read(uuid, after));
    },
    list(): readonly T[] {
      array ??= [...typed.values()];
      return array;
    },
  };
}

function readSystem(uuid: string, row: Row): OvsSystem {
  return {
    uuid,
    nextCfg: number(row, 'next_cfg') ?? 0,
    curCfg: number(row, 'cur_cfg') ?? 0,
    flowRestoreWait: map(row, 'other_config')['flow-restore-wait']?.toLowerCase() === 'true',
    ovsVersion: string(row, 'ovs_version'),
    datapathTypes: strings(row, 'datapath_types'),
    interfaceTypes: strings(row, 'iface_types'),
  };
}

function readBridge(uuid: string, row: Row): OvsBridge {
  const failMode = string(row, 'fail_mode');
  return {
    uuid,
    name: string(row, 'name') ?? '',
    datapathType: string(row, 'datapath_type') ?? '',
    datapathId: string(row, 'datapath_id'),
    failMode: failMode === 'standalone' || failMode === 'secure' ? failMode : null,
    controllers: strings(row, 'controller').length,
    ports: strings(row, 'ports'),
    externalIds: map(row, 'external_ids'),
    otherConfig: map(row, 'other_config'),
  };
}

function readPort(uuid: string, row: Row): OvsPort {
  return {
    uuid,
    name: string(row, 'name') ?? '',
    interfaces: strings(row, 'interfaces'),
    externalIds: map(row, 'external_ids'),
    ...readVlan(row),
  };
}

function readVlan(row: Row): { readonly vlan?: PortVlan } {
  const trunks = row['trunks'];
  const vlan: PortVlan = {
    tag: number(row, 'tag'),
    trunks: Array.isArray(trunks) ? (trunks as readonly number[]) : [],
    // An enum of the schema.
    vlanMode: string(row, 'vlan_mode') as VlanMode | null,
  };
  return isSameVlan(vlan) ? {} : { vlan };
}

function readInterface(uuid: string, row: Row): OvsInterface {
  // Of the options no more than that: those of tunnels may hold keys.
  const { peer } = map(row, 'options');
  return {
    uuid,
    name: string(row, 'name') ?? '',
    type: string(row, 'type') ?? '',
    ofport: number(row, 'ofport'),
    error: string(row, 'error'),
    ifindex: number(row, 'ifindex'),
    macInUse: string(row, 'mac_in_use'),
    mtu: number(row, 'mtu'),
    externalIds: map(row, 'external_ids'),
    ...(peer === undefined ? {} : { peer }),
  };
}

// The values were checked against the schema when they were decoded; a column that an old schema lacks is undefined.
function string(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' ? value : null;
}

function number(row: Row, column: string): number | null {
  const value = row[column];
  return typeof value === 'number' ? value : null;
}

function strings(row: Row, column: string): readonly string[] {
  const value = row[column];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function map(row: Row, column: string): Readonly<Record<string, string>> {
  const value = row[column];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, string>) : {};
}
