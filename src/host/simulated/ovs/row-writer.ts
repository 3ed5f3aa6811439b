import type { OvsBridge, OvsInterface, OvsState } from '../../../domain/ovs-state.ts';
import type { Ofport, Ofproto } from './bridge-ports.ts';
import type { Database } from './database.ts';
import type { InterfaceErrors } from './reconfigure.ts';

/** What ovs-vswitchd tells of one reconfiguration. */
export interface Told {
  readonly config: OvsState;
  readonly bridges: ReadonlyMap<string, Ofproto>;
  readonly errors: InterfaceErrors;
  readonly columns: 'all' | 'datapath-id' | 'rest';
}

/** Writes it into the rows that are still there, in one transaction; a row that says so already stays the object that it is. */
export function writeRows(database: Database, { config, bridges, errors, columns }: Told): void {
  database.tell({
    ...(columns === 'rest' ? {} : { bridge: row => bridgeRow(row, bridges.get(row.name)) }),
    ...(columns === 'datapath-id'
      ? {}
      : {
          curCfg: config.system?.nextCfg ?? 0,
          interface: row =>
            config.interfaces.some(known => known.uuid === row.uuid)
              ? interfaceRow(row, portOf(bridges, row.name), errors.get(row.uuid))
              : row,
        }),
  });
}

function portOf(bridges: ReadonlyMap<string, Ofproto>, name: string): Ofport | undefined {
  for (const ofproto of bridges.values()) {
    const port = ofproto.ports.get(name);
    if (port !== undefined) return port;
  }
  return undefined;
}

function bridgeRow(row: OvsBridge, ofproto: Ofproto | undefined): OvsBridge {
  if (ofproto === undefined) return row;
  const datapathId = row.otherConfig['datapath-id'] ?? `0000${ofproto.mac.replaceAll(':', '')}`;
  return row.datapathId === datapathId ? row : { ...row, datapathId };
}

function interfaceRow(row: OvsInterface, port: Ofport | undefined, error: string | undefined): OvsInterface {
  if (port === undefined) return failedRow(row, error);
  const { cache } = port.netdev;
  // netdev_get_ifindex's failure is written as 0.
  const ifindex = cache?.index ?? 0;
  const macInUse = cache?.mac ?? null;
  const mtu = cache?.mtu ?? null;
  const isSame =
    row.ofport === port.ofport &&
    row.error === null &&
    row.ifindex === ifindex &&
    row.macInUse === macInUse &&
    row.mtu === mtu;
  return isSame ? row : { ...row, ofport: port.ofport, error: null, ifindex, macInUse, mtu };
}

/** iface_clear_db_record; a row of a bridge that could not be made is not even looked at. */
function failedRow(row: OvsInterface, error: string | undefined): OvsInterface {
  if (error === undefined || (row.error === error && row.ofport === -1 && row.ifindex === null)) return row;
  return { ...row, ofport: -1, error, ifindex: null, macInUse: null, mtu: null };
}
