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
export function writeRows(database: Database, told: Told): void {
  database.transact(tables => {
    if (told.columns !== 'rest') tables.bridges = tables.bridges.map(row => bridgeRow(row, told.bridges.get(row.name)));
    if (told.columns === 'datapath-id') return undefined;
    const known = new Set(told.config.interfaces.map(row => row.uuid));
    const ports = new Map([...told.bridges.values()].flatMap(ofproto => [...ofproto.ports]));
    tables.interfaces = tables.interfaces.map(row =>
      known.has(row.uuid) ? interfaceRow(row, ports.get(row.name), told.errors.get(row.uuid)) : row,
    );
    tables.curCfg = told.config.system?.nextCfg ?? tables.curCfg;
    return undefined;
  });
}

function bridgeRow(row: OvsBridge, ofproto: Ofproto | undefined): OvsBridge {
  if (ofproto === undefined) return row;
  const datapathId = row.otherConfig['datapath-id'] ?? `0000${ofproto.mac.replaceAll(':', '')}`;
  return row.datapathId === datapathId ? row : { ...row, datapathId };
}

function interfaceRow(row: OvsInterface, port: Ofport | undefined, error: string | undefined): OvsInterface {
  const next = port === undefined ? failedRow(row, error) : standingRow(row, port);
  return isSame(row, next) ? row : next;
}

/** iface_clear_db_record; a row of a bridge that could not be made is not even looked at. */
function failedRow(row: OvsInterface, error: string | undefined): OvsInterface {
  return error === undefined ? row : { ...row, ofport: -1, error, ifindex: null, macInUse: null, mtu: null };
}

function standingRow(row: OvsInterface, port: Ofport): OvsInterface {
  const { cache } = port.netdev;
  return {
    ...row,
    ofport: port.ofport,
    error: null,
    // netdev_get_ifindex's failure is written as 0.
    ifindex: cache?.index ?? 0,
    macInUse: cache?.mac ?? null,
    mtu: cache?.mtu ?? null,
  };
}

function isSame(a: OvsInterface, b: OvsInterface): boolean {
  return (
    a.ofport === b.ofport &&
    a.error === b.error &&
    a.ifindex === b.ifindex &&
    a.macInUse === b.macInUse &&
    a.mtu === b.mtu
  );
}
