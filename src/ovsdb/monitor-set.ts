import type { Failure, UplinkError } from '../errors.ts';
import { toFailure, uplinkError } from '../errors.ts';
import { type MonitorTask, NO_TRANSACTION, startMonitor, stopMonitor } from './monitor.ts';
import { type MonitorPlan, type MonitorRequest, planMonitor } from './monitor-plan.ts';
import { createRowStore, type Replica, type RowChange, type RowStore } from './replica.ts';
import type { DatabaseSchema } from './schema.ts';
import type { ServerLink } from './server-link.ts';
import { waitUntil } from './wait-until.ts';

/** All monitors of a client, over all its connections. */
export interface MonitorSet {
  add(request: MonitorRequest, signal: AbortSignal | undefined): Promise<Replica>;
  onConnected(link: ServerLink, schema: DatabaseSchema): void;
  onDisconnected(): void;
  onClosed(error: UplinkError): void;
  /** True when no replica lags. */
  allSynced(): boolean;
}

interface Entry {
  readonly id: string;
  readonly request: MonitorRequest;
  store: RowStore | undefined;
  lastTransaction: string;
  synced: boolean;
  readonly listeners: Set<(changes: readonly RowChange[]) => void>;
  /** Settles the promise of `add`; undefined once it is settled. */
  first: { readonly resolve: (replica: Replica) => void; readonly reject: (error: unknown) => void } | undefined;
}

/** Makes an empty set. `onBroken` gives up the connection: the copies are downloaded again on the next. */
export function createMonitorSet(options: {
  readonly database: string;
  readonly report: (error: unknown) => void;
  readonly onSynced: (how: 'download' | 'resumed') => void;
  readonly onBroken: (failure: Failure) => void;
}): MonitorSet {
  const entries = new Set<Entry>();
  let connection: { readonly link: ServerLink; readonly schema: DatabaseSchema } | undefined;
  let nextId = 0;

  function tell(entry: Entry, changes: readonly RowChange[]): void {
    if (changes.length === 0) return;
    for (const listener of [...entry.listeners]) {
      try {
        listener(changes);
      } catch (error) {
        options.report(error);
      }
    }
  }

  /** A first monitor that fails is its caller's to hear of; a later one costs the connection, and is tried again. */
  function fail(entry: Entry, error: unknown): void {
    if (entry.first === undefined) {
      options.onBroken(toFailure(error));
      return;
    }
    entries.delete(entry);
    entry.first.reject(error);
  }

  function start(entry: Entry): void {
    if (connection === undefined) return;
    const { link, schema } = connection;
    let plan: MonitorPlan;
    try {
      plan = planMonitor(schema, entry.request);
    } catch (error) {
      fail(entry, error);
      return;
    }
    // Another server may have another schema: its rows cannot be compared with ours, everything is downloaded.
    entry.store ??= createRowStore(plan);
    if (entry.store.usePlan(plan)) entry.lastTransaction = NO_TRANSACTION;
    const task: MonitorTask = {
      id: entry.id,
      database: options.database,
      plan,
      store: entry.store,
      get lastTransaction() {
        return entry.lastTransaction;
      },
      set lastTransaction(id) {
        entry.lastTransaction = id;
      },
      onSynced(changes, how) {
        entry.synced = true;
        const { first } = entry;
        entry.first = undefined;
        tell(entry, changes);
        first?.resolve(replicaOf(entry));
        options.onSynced(how);
      },
      onChanges: changes => tell(entry, changes),
      onRefused: error => fail(entry, error),
      onBroken: error => options.onBroken(toFailure(error)),
    };
    startMonitor(link, task);
  }

  function drop(entry: Entry): void {
    if (!entries.delete(entry)) return;
    entry.listeners.clear();
    entry.synced = false;
    if (connection !== undefined) stopMonitor(connection.link, entry.id);
  }

  function replicaOf(entry: Entry): Replica {
    const { store } = entry;
    if (store === undefined) throw new Error('a replica before its first download');
    return {
      tables: store.tables,
      get synced() {
        return entry.synced;
      },
      subscribe(listener) {
        entry.listeners.add(listener);
        return () => entry.listeners.delete(listener);
      },
      close: () => drop(entry),
    };
  }

  return {
    add(request, signal) {
      const entry: Entry = {
        id: `m${nextId++}`,
        request,
        store: undefined,
        lastTransaction: NO_TRANSACTION,
        synced: false,
        listeners: new Set(),
        first: undefined,
      };
      return waitUntil<Replica>(
        (resolve, reject) => {
          entry.first = { resolve, reject };
          entries.add(entry);
          start(entry);
          return () => {};
        },
        {
          signal,
          onTimeout: () => undefined,
          onAbort: () => {
            drop(entry);
            return uplinkError('ABORTED', { what: 'gave up waiting for a monitor', object: options.database });
          },
        },
      );
    },
    onConnected(link, schema) {
      connection = { link, schema };
      for (const entry of [...entries]) start(entry);
    },
    onDisconnected() {
      connection = undefined;
      for (const entry of entries) entry.synced = false;
    },
    onClosed(error) {
      for (const entry of entries) entry.first?.reject(error);
    },
    allSynced: () => [...entries].every(entry => entry.synced),
  };
}
