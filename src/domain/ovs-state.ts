import type { PortVlan } from './port-spec.ts';

/** What the engine knows of Open vSwitch: a reduced, typed copy of the Open_vSwitch database; plain JSON. */
export interface OvsState {
  readonly schemaVersion: string;
  /** Row of table Open_vSwitch; null while the database has none (`ovs-vsctl init` was never run). */
  readonly system: OvsSystem | null;
  readonly bridges: readonly OvsBridge[];
  readonly ports: readonly OvsPort[];
  readonly interfaces: readonly OvsInterface[];
}

export interface OvsSystem {
  readonly uuid: string;
  readonly nextCfg: number;
  readonly curCfg: number;
  /** `other_config:flow-restore-wait` is `true`. */
  readonly flowRestoreWait: boolean;
  readonly ovsVersion: string | null;
  readonly datapathTypes: readonly string[];
  readonly interfaceTypes: readonly string[];
}

export interface OvsBridge {
  readonly uuid: string;
  readonly name: string;
  readonly datapathType: string;
  readonly datapathId: string | null;
  readonly failMode: 'standalone' | 'secure' | null;
  /** Number of controllers configured. */
  readonly controllers: number;
  readonly ports: readonly string[];
  readonly externalIds: Readonly<Record<string, string>>;
  readonly otherConfig: Readonly<Record<string, string>>;
}

export interface OvsPort {
  readonly uuid: string;
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly externalIds: Readonly<Record<string, string>>;
  /** Absent where none of its columns is set. */
  readonly vlan?: PortVlan;
}

export interface OvsInterface {
  readonly uuid: string;
  readonly name: string;
  /** `""` and `system` are the same. */
  readonly type: string;
  /** -1: ovs-vswitchd could not make it; null: not looked at yet. */
  readonly ofport: number | null;
  readonly error: string | null;
  readonly ifindex: number | null;
  readonly macInUse: string | null;
  readonly mtu: number | null;
  readonly externalIds: Readonly<Record<string, string>>;
  /** The other end of a patch port (`options:peer`); absent for other types. */
  readonly peer?: string;
}

/** The bridge that holds a port with this name, with the port; undefined where none does. */
export function findPort(ovs: OvsState, portName: string): { bridge: OvsBridge; port: OvsPort } | undefined {
  const port = ovs.ports.find(p => p.name === portName);
  if (port === undefined) return undefined;
  const bridge = ovs.bridges.find(b => b.ports.includes(port.uuid));
  return bridge === undefined ? undefined : { bridge, port };
}

/** The bridge of this name. */
export function findBridge(ovs: OvsState, name: string): OvsBridge | undefined {
  return ovs.bridges.find(b => b.name === name);
}

/** The interface of this name. */
export function findInterface(ovs: OvsState, name: string): OvsInterface | undefined {
  return ovs.interfaces.find(i => i.name === name);
}

/** Prefix of every `external_ids` key that ovs-uplink sets: the ownership mark. */
export const MARK = 'ovs-uplink:';
/** Key that holds the id of the migration that made the row. */
export const MARK_ID = `${MARK}id`;
/** Key that holds the uplink's original name. */
export const MARK_UPLINK = `${MARK}uplink`;
/** Key that holds the row's role: `bridge`, `host-port` or `uplink`. */
export const MARK_ROLE = `${MARK}role`;

/** True when the row carries an ownership mark of ovs-uplink (of any migration). */
export function isMarked(row: { readonly externalIds: Readonly<Record<string, string>> }): boolean {
  return Object.keys(row.externalIds).some(key => key.startsWith(MARK));
}

/** The bridge that has an interface of this name. */
export function bridgeOf(ovs: OvsState, interfaceName: string): OvsBridge | undefined {
  const row = ovs.interfaces.find(one => one.name === interfaceName);
  const port = row === undefined ? undefined : ovs.ports.find(one => one.interfaces.includes(row.uuid));
  return port === undefined ? undefined : ovs.bridges.find(one => one.ports.includes(port.uuid));
}
