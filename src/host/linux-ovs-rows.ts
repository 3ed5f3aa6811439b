import type { Bond } from '../domain/bond.ts';
import type { BridgeSpec, Effect, HostPortSpec, OvsRows } from '../domain/effect.ts';
import { MARK_ID, MARK_ROLE, MARK_UPLINK } from '../domain/ovs-state.ts';
import type { PortVlan } from '../domain/port-spec.ts';
import type { Operation, OvsdbClient, RowInput } from '../ovsdb/index.ts';
import { deleteRows, insert, mutate, namedUuid, select, update, wait } from '../ovsdb/index.ts';
import type { OwnRows } from './host.ts';

type Role = 'bridge' | 'host-port' | 'uplink';

function mark(rows: OvsRows, role: Role): Record<string, string> {
  return { [MARK_ID]: rows.id, [MARK_UPLINK]: rows.uplink, [MARK_ROLE]: role };
}

/** The bridge and the host port in one transaction: nobody ever sees half of it (F-111). */
export function createHostPort(rows: OvsRows, bridge: BridgeSpec, hostPort: HostPortSpec | null): readonly Operation[] {
  const operations: Operation[] = [];
  const ownPort = hostPort !== null && !hostPort.local ? hostPort : null;
  if (ownPort !== null) {
    const row: RowInput = { name: ownPort.name, type: 'internal', mac: ownPort.mac, mtu_request: ownPort.mtu };
    operations.push(...insertPort(rows, 'host-port', ownPort.name, row, 'hostport', ownPort.vlan));
  }
  if (!bridge.create) {
    if (ownPort !== null) operations.push(addToBridge(bridge.name, 'hostport'));
    return operations;
  }
  const local: RowInput =
    hostPort?.local === true
      ? { name: bridge.name, type: 'internal', mtu_request: hostPort.mtu }
      : { name: bridge.name, type: 'internal' };
  operations.push(
    // Nothing of that name may have come since the pre-check.
    wait('Bridge', [['name', '==', bridge.name]], ['name'], '==', []),
    ...(hostPort?.local === true
      ? insertPort(rows, 'host-port', bridge.name, local, 'localport', hostPort.vlan)
      : insertPort(rows, 'bridge', bridge.name, local, 'localport')),
    insert(
      'Bridge',
      {
        name: bridge.name,
        datapath_type: bridge.datapathType === 'netdev' ? 'netdev' : '',
        fail_mode: bridge.failMode,
        other_config: bridge.hwaddr === null ? {} : { hwaddr: bridge.hwaddr },
        external_ids: mark(rows, 'bridge'),
        ports: [namedUuid('localport'), ...(ownPort === null ? [] : [namedUuid('hostport')])],
      },
      'bridge',
    ),
    mutate('Open_vSwitch', [], [['bridges', 'insert', [namedUuid('bridge')]]]),
  );
  return operations;
}

const FLOW_RESTORE_WAIT = 'flow-restore-wait';

/** Why an attach is refused by the server itself. */
export const FLOW_RESTORE_AGAIN = {
  what: 'flow-restore-wait was set again after the gate: the bridge would let nothing through',
  advice: 'wait until whoever set it (a restart of Open vSwitch, another agent) has cleared it, then migrate again',
} as const;

/** The uplink becomes a port of the bridge, alone or as a bond. */
export function attachUplink(effect: Extract<Effect, { op: 'ovs.uplink.attach' }>): readonly Operation[] {
  const { rows, port, vlan, bond } = effect;
  const externalIds = mark(rows, 'uplink');
  const interfaces = [port, ...(bond?.members ?? [])];
  return [
    // Set again since the gate: a bridge that waits for its flows must not get the host's way out (F-30).
    wait('Open_vSwitch', [['other_config', 'includes', { [FLOW_RESTORE_WAIT]: 'true' }]], ['other_config'], '==', []),
    ...interfaces.map((name, at) => insert('Interface', { name, external_ids: externalIds }, `uplinkinterface${at}`)),
    insert(
      'Port',
      {
        name: port,
        interfaces: interfaces.map((_, at) => namedUuid(`uplinkinterface${at}`)),
        external_ids: externalIds,
        ...(vlan === undefined ? {} : vlanColumns(vlan)),
        ...(bond === undefined ? {} : bondColumns(port, bond)),
      },
      'uplinkport',
    ),
    addToBridge(rows.bridge, 'uplinkport'),
  ];
}

/**
 * Where one carries everything it is the uplink, as long as it can: what arrives on another is dropped then. With LACP, a switch that does not speak
 * it must not leave the host dark.
 */
function bondColumns(port: string, { mode }: Bond): RowInput {
  if (mode === 'balance-slb') return { bond_mode: mode };
  if (mode === 'active-backup') return { bond_mode: mode, other_config: { 'bond-primary': port } };
  return { bond_mode: mode, lacp: 'active', other_config: { 'bond-primary': port, 'lacp-fallback-ab': 'true' } };
}

/** The VLANs of a port of ours; nothing where it carries no mark of this migration (I4). */
export function configurePort(rows: OvsRows, port: string, vlan: PortVlan): readonly Operation[] {
  const ours = { [MARK_ID]: rows.id };
  return [
    update(
      'Port',
      [
        ['name', '==', port],
        ['external_ids', 'includes', ours],
      ],
      vlanColumns(vlan),
    ),
  ];
}

function vlanColumns({ tag, trunks, vlanMode }: PortVlan): RowInput {
  return { tag, trunks, vlan_mode: vlanMode };
}

/**
 * Takes flow-restore-wait away as it reads now: the pair, so that another value that is written meanwhile stays (RFC 7047 §5.1). Nothing where it is
 * not true.
 */
export async function clearFlowRestoreWait(client: OvsdbClient, signal: AbortSignal): Promise<readonly Operation[]> {
  const [answer] = await client.transact([select('Open_vSwitch', [], ['other_config'])], { signal });
  const config = (answer?.rows?.[0]?.['other_config'] ?? {}) as Readonly<Record<string, string>>;
  const value = config[FLOW_RESTORE_WAIT];
  if (value?.toLowerCase() !== 'true') return [];
  return [mutate('Open_vSwitch', [], [['other_config', 'delete', { [FLOW_RESTORE_WAIT]: value }]])];
}

function insertPort(
  rows: OvsRows,
  role: Role,
  name: string,
  row: RowInput,
  id: string,
  vlan?: PortVlan,
): readonly Operation[] {
  const externalIds = mark(rows, role);
  return [
    insert('Interface', { ...row, external_ids: externalIds }, `${id}interface`),
    insert(
      'Port',
      {
        name,
        interfaces: [namedUuid(`${id}interface`)],
        external_ids: externalIds,
        ...(vlan === undefined ? {} : vlanColumns(vlan)),
      },
      id,
    ),
  ];
}

function addToBridge(bridge: string, id: string): Operation {
  return mutate('Bridge', [['name', '==', bridge]], [['ports', 'insert', [namedUuid(id)]]]);
}

/** What the server holds of one migration. */
export interface MarkedRows {
  readonly bridges: readonly string[];
  readonly ports: readonly { readonly uuid: string; readonly role: string }[];
}

/** Asks the server itself: a copy may not yet show what was just committed. */
export async function findMarkedRows(client: OvsdbClient, id: string, signal: AbortSignal): Promise<MarkedRows> {
  const marked = [['external_ids', 'includes', { [MARK_ID]: id }]] as const;
  const [bridges, ports] = await client.transact(
    [select('Bridge', marked, ['_uuid']), select('Port', marked, ['_uuid', 'external_ids'])],
    { signal },
  );
  return {
    bridges: (bridges?.rows ?? []).map(row => String(row['_uuid'])),
    ports: (ports?.rows ?? []).map(row => ({
      uuid: String(row['_uuid']),
      role: (row['external_ids'] as Readonly<Record<string, string>>)[MARK_ROLE] ?? '',
    })),
  };
}

/** By role, for the engine. */
export function toOwnRows(marked: MarkedRows): OwnRows {
  return {
    bridge: marked.bridges.length > 0,
    hostPort: marked.ports.some(port => port.role === 'host-port' || port.role === 'bridge'),
    uplink: marked.ports.some(port => port.role === 'uplink'),
  };
}

/** Takes the uplink's port out of its bridge; rows that nothing refers to vanish by themselves. */
export function detachUplink(marked: MarkedRows): readonly Operation[] {
  return removePorts(marked.ports.filter(port => port.role === 'uplink').map(port => port.uuid));
}

/** Removes every row with the mark, and nothing else (I4). */
export function removeRows(marked: MarkedRows): readonly Operation[] {
  const { bridges, ports } = marked;
  const operations = [...removePorts(ports.map(port => port.uuid))];
  if (bridges.length > 0) {
    operations.push(
      mutate('Open_vSwitch', [], [['bridges', 'delete', [...bridges]]]),
      ...bridges.map(uuid => deleteRows('Bridge', [['_uuid', '==', uuid]])),
    );
  }
  return operations;
}

function removePorts(uuids: readonly string[]): readonly Operation[] {
  return uuids.flatMap(uuid => [
    mutate('Bridge', [['ports', 'includes', [uuid]]], [['ports', 'delete', [uuid]]]),
    deleteRows('Port', [['_uuid', '==', uuid]]),
  ]);
}
