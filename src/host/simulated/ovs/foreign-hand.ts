import type { Failure } from '../../../errors.ts';
import type { Database, Tables } from './database.ts';
import { addToBridge, insertBridge, insertPort, removePorts } from './transactions.ts';

/** What somebody else does with `ovs-vsctl`: each is one transaction that also raises `next_cfg`. */
export interface ForeignHand {
  addForeignBridge(name: string, options?: { readonly datapathType?: 'netdev' | 'system' }): Failure | undefined;
  removeForeignBridge(name: string): Failure | undefined;
  addForeignPort(
    bridge: string,
    name: string,
    options?: { readonly type?: '' | 'internal'; readonly mac?: string | null; readonly mtuRequest?: number | null },
  ): Failure | undefined;
  removeForeignPort(name: string): Failure | undefined;
  setMtuRequest(name: string, mtu: number | null): Failure | undefined;
  /** `other_config:flow-restore-wait`; ovs-vswitchd heeds it only from its start on, until it is first taken away. */
  setFlowRestoreWait(isSet: boolean): void;
  /** `next_cfg` alone. */
  touch(): void;
}

const EMPTY: Readonly<Record<string, string>> = {};

/** Makes the hand. */
export function createForeignHand(database: Database): ForeignHand {
  const transact = (change: (tables: Tables) => void): Failure | undefined =>
    database.transact(tables => {
      change(tables);
      tables.nextCfg += 1;
      return undefined;
    });
  return {
    addForeignBridge: (name, { datapathType = 'netdev' } = {}) =>
      transact(tables => {
        const local = insertPort(database, tables, {
          name,
          type: 'internal',
          settings: { mac: null, mtuRequest: null },
          externalIds: EMPTY,
        });
        const bridge = { name, datapathType, failMode: null, otherConfig: EMPTY, externalIds: EMPTY };
        insertBridge(database, tables, bridge, [local]);
      }),
    removeForeignBridge: name =>
      transact(tables => {
        tables.bridges = tables.bridges.filter(row => row.name !== name);
      }),
    addForeignPort: (bridge, name, { type = '', mac = null, mtuRequest = null } = {}) =>
      transact(tables => {
        const port = { name, type, settings: { mac, mtuRequest }, externalIds: EMPTY };
        addToBridge(tables, bridge, insertPort(database, tables, port));
      }),
    removeForeignPort: name =>
      transact(tables => {
        removePorts(
          tables,
          tables.ports.filter(row => row.name === name).map(row => row.uuid),
        );
      }),
    setMtuRequest: (name, mtu) =>
      transact(tables => {
        const row = tables.interfaces.find(each => each.name === name);
        if (row !== undefined) database.setSettings(row.uuid, { ...database.settings(row.uuid), mtuRequest: mtu });
      }),
    setFlowRestoreWait(isSet) {
      transact(tables => {
        tables.flowRestoreWait = isSet;
      });
    },
    touch() {
      transact(() => undefined);
    },
  };
}
