import type { OvsRows } from '../../../domain/effect.ts';
import type { OvsInterface, OvsPort } from '../../../domain/ovs-state.ts';
import { MARK_ID, MARK_ROLE, MARK_UPLINK, type OvsState } from '../../../domain/ovs-state.ts';
import type { PortVlan } from '../../../domain/port-spec.ts';
import { isSameVlan } from '../../../domain/port-spec.ts';
import type { Failure } from '../../../errors.ts';
import type { OwnRows } from '../../host.ts';
import type { OvsEffect } from '../../linux-effects.ts';
import { FLOW_RESTORE_AGAIN } from '../../linux-ovs-rows.ts';
import type { Database, InterfaceSettings, Tables } from './database.ts';

/** A port as somebody adds it, with an interface of its name and perhaps more. */
export interface NewPort {
  readonly name: string;
  readonly type: '' | 'internal';
  readonly settings: InterfaceSettings;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly vlan?: PortVlan;
  /** Names of further interfaces, which make it a bond. */
  readonly members?: readonly string[];
}

const EMPTY: Readonly<Record<string, string>> = {};

/** Inserts a port and its interfaces; returns the port's uuid. */
export function insertPort(database: Database, tables: Tables, port: NewPort): string {
  const { name, externalIds, vlan, members = [] } = port;
  const interfaces = [name, ...members].map(each => {
    const uuid = database.newUuid();
    database.setSettings(uuid, port.settings);
    tables.interfaces.push(unseenInterface(uuid, { ...port, name: each }));
    return uuid;
  });
  const portUuid = database.newUuid();
  tables.ports.push({ uuid: portUuid, name, interfaces, externalIds, ...vlanColumns(vlan) });
  return portUuid;
}

/** As a client reads them back: columns without a value are not told. */
function vlanColumns(vlan: PortVlan | undefined): { readonly vlan?: PortVlan } {
  return vlan === undefined || isSameVlan(vlan) ? {} : { vlan };
}

function unseenInterface(uuid: string, port: NewPort): OvsInterface {
  return {
    uuid,
    name: port.name,
    type: port.type,
    ofport: null,
    error: null,
    ifindex: null,
    macInUse: null,
    mtu: null,
    externalIds: port.externalIds,
  };
}

/** Inserts a bridge with its local port. */
export function insertBridge(
  database: Database,
  tables: Tables,
  bridge: {
    readonly name: string;
    readonly datapathType: 'netdev' | 'system';
    readonly failMode: 'standalone' | 'secure' | null;
    readonly otherConfig: Readonly<Record<string, string>>;
    readonly externalIds: Readonly<Record<string, string>>;
  },
  ports: readonly string[],
): void {
  tables.bridges.push({
    uuid: database.newUuid(),
    name: bridge.name,
    datapathType: bridge.datapathType === 'netdev' ? 'netdev' : '',
    datapathId: null,
    failMode: bridge.failMode,
    controllers: 0,
    ports,
    externalIds: bridge.externalIds,
    otherConfig: bridge.otherConfig,
  });
}

/** Adds a port to the bridges of that name: none where there is none, and the port then vanishes. */
export function addToBridge(tables: Tables, bridge: string, port: string): void {
  tables.bridges = tables.bridges.map(row => (row.name === bridge ? { ...row, ports: [...row.ports, port] } : row));
}

/** Takes ports out of whatever bridge has them. */
export function removePorts(tables: Tables, uuids: readonly string[]): void {
  if (uuids.length === 0) return;
  tables.bridges = tables.bridges.map(row =>
    row.ports.some(port => uuids.includes(port))
      ? { ...row, ports: row.ports.filter(port => !uuids.includes(port)) }
      : row,
  );
}

/** The change that an effect of ours makes, as `linux-ovs-rows.ts` words it in operations; refusals as the real client tells them. */
export function carryOut(
  database: Database,
  effect: OvsEffect,
  tables: Tables,
  isAsserted: boolean,
): Failure | undefined {
  switch (effect.op) {
    case 'ovs.host-port.create':
      return createHostPort(database, effect, tables, isAsserted);
    case 'ovs.uplink.attach': {
      if (tables.flowRestoreWait) return { ...refusedWait('Open_vSwitch', 0, isAsserted), ...FLOW_RESTORE_AGAIN };
      const { rows, port, vlan, bond } = effect;
      const added = insertPort(database, tables, {
        name: port,
        type: '',
        settings: { mac: null, mtuRequest: null },
        externalIds: mark(rows, 'uplink'),
        ...vlanColumns(vlan),
        ...(bond === undefined ? {} : { members: bond.members }),
      });
      addToBridge(tables, rows.bridge, added);
      return undefined;
    }
    case 'ovs.port.configure': {
      const isMeant = (row: OvsPort): boolean =>
        row.name === effect.port && row.externalIds[MARK_ID] === effect.rows.id;
      tables.ports = tables.ports.map(row => {
        if (!isMeant(row)) return row;
        const { vlan: _, ...bare } = row;
        return { ...bare, ...vlanColumns(effect.vlan) };
      });
      return undefined;
    }
    case 'ovs.flow-restore-wait.clear':
      tables.flowRestoreWait = false;
      return undefined;
    case 'ovs.uplink.detach':
      removePorts(tables, markedPorts(tables, effect.rows.id, 'uplink'));
      return undefined;
    case 'ovs.rows.remove': {
      const { id } = effect.rows;
      removePorts(tables, markedPorts(tables, id));
      tables.bridges = tables.bridges.filter(row => row.externalIds[MARK_ID] !== id);
      return undefined;
    }
  }
}

function createHostPort(
  database: Database,
  effect: Extract<OvsEffect, { op: 'ovs.host-port.create' }>,
  tables: Tables,
  isAsserted: boolean,
): Failure | undefined {
  const { rows, bridge, hostPort } = effect;
  const own = hostPort !== null && !hostPort.local ? hostPort : null;
  const insertOwn = (): string[] =>
    own === null
      ? []
      : [
          insertPort(database, tables, {
            name: own.name,
            type: 'internal',
            settings: { mac: own.mac, mtuRequest: own.mtu },
            externalIds: mark(rows, 'host-port'),
            ...vlanColumns(own.vlan),
          }),
        ];
  if (!bridge.create) {
    for (const port of insertOwn()) addToBridge(tables, bridge.name, port);
    return undefined;
  }
  if (tables.bridges.some(row => row.name === bridge.name)) {
    // Behind the two rows of the host port.
    return refusedWait('Bridge', own === null ? 0 : 2, isAsserted);
  }
  const ownPorts = insertOwn();
  const isHostPort = hostPort?.local === true;
  const local = insertPort(database, tables, {
    name: bridge.name,
    type: 'internal',
    settings: { mac: null, mtuRequest: isHostPort ? hostPort.mtu : null },
    externalIds: mark(rows, isHostPort ? 'host-port' : 'bridge'),
    ...vlanColumns(isHostPort ? hostPort.vlan : undefined),
  });
  insertBridge(
    database,
    tables,
    {
      name: bridge.name,
      datapathType: bridge.datapathType,
      failMode: bridge.failMode,
      otherConfig: bridge.hwaddr === null ? EMPTY : { hwaddr: bridge.hwaddr },
      externalIds: mark(rows, 'bridge'),
    },
    [local, ...ownPorts],
  );
  return undefined;
}

/** A `wait` that finds something else, behind so many operations and perhaps the lock's assertion. */
function refusedWait(table: string, behind: number, isAsserted: boolean): Failure {
  return {
    code: 'OVSDB_REFUSED',
    what: 'OVSDB refused the request',
    object: `operation ${1 + behind + (isAsserted ? 1 : 0)}: wait ${table}`,
    ovsdbError: 'timed out',
    ovsdbDetails: '"where" clause test failed',
  };
}

function mark(rows: OvsRows, role: string): Readonly<Record<string, string>> {
  return { [MARK_ID]: rows.id, [MARK_UPLINK]: rows.uplink, [MARK_ROLE]: role };
}

function markedPorts(tables: Pick<Tables, 'ports'>, id: string, role?: string): string[] {
  return tables.ports
    .filter(row => row.externalIds[MARK_ID] === id && (role === undefined || row.externalIds[MARK_ROLE] === role))
    .map(row => row.uuid);
}

/** Which rows of a migration the database holds. */
export function findOwnRows({ bridges, ports }: OvsState, id: string): OwnRows {
  const roles = ports.filter(row => row.externalIds[MARK_ID] === id).map(row => row.externalIds[MARK_ROLE]);
  return {
    bridge: bridges.some(row => row.externalIds[MARK_ID] === id),
    hostPort: roles.some(role => role === 'host-port' || role === 'bridge'),
    uplink: roles.includes('uplink'),
  };
}
