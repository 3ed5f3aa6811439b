import type { OvsState } from '../domain/ovs-state.ts';
import type { Failure } from '../errors.ts';
import { isUplinkError, uplinkError } from '../errors.ts';
import type { OpenVswitchMonitor, OvsdbClient, TlsFiles } from '../ovsdb/index.ts';
import { createOvsdbClient, monitorOpenVswitch, transactBumped } from '../ovsdb/index.ts';
import type { HostEvent, OwnRows } from './host.ts';
import type { OvsEffect } from './linux-effects.ts';
import {
  attachUplink,
  clearFlowRestoreWait,
  configurePort,
  createHostPort,
  detachUplink,
  FLOW_RESTORE_AGAIN,
  findMarkedRows,
  removeRows,
  toOwnRows,
} from './linux-ovs-rows.ts';

/** Name of the OVSDB lock: one ovs-uplink a database. */
export const OVSDB_LOCK = 'ovs_uplink';

/** OVSDB as LinuxHost needs it. */
export interface OvsLink {
  state(): OvsState | undefined;
  connected(): boolean;
  connect(signal: AbortSignal): Promise<OvsState>;
  bump(signal: AbortSignal): Promise<number>;
  ownRows(id: string, signal: AbortSignal): Promise<OwnRows>;
  commit(effect: OvsEffect, signal: AbortSignal): Promise<number>;
  lock(onLost: (failure: Failure) => void, signal: AbortSignal, patienceMs: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Makes the connection's owner; nothing is opened before `connect`. `tell` gets the events. */
export function createOvsLink(remotes: string, tls: TlsFiles | undefined, tell: (event: HostEvent) => void): OvsLink {
  let client: OvsdbClient | undefined;
  let monitor: Promise<OpenVswitchMonitor> | undefined;
  let copy: OpenVswitchMonitor | undefined;
  let isLocked = false;

  const connected = (): boolean => client?.state === 'connected' && copy?.replica.synced === true;

  function open(): OvsdbClient {
    if (client !== undefined) return client;
    const made = createOvsdbClient({ remotes, ...(tls === undefined ? {} : { tls }) });
    made.subscribe(event => {
      if (event.type === 'synced' && copy !== undefined) {
        tell({ type: 'ovsdb.connection.opened' });
        tell({ type: 'ovsdb.state.changed', ovs: copy.state() });
      } else if (event.type === 'disconnected') tell({ type: 'ovsdb.connection.lost', failure: event.reason });
    });
    client = made;
    return made;
  }

  /** The client, once it is connected; waiting is for {@link connect}. */
  function current(): OvsdbClient {
    if (client !== undefined && client.state === 'connected') return client;
    throw uplinkError('OVSDB_DISCONNECTED', {
      what: 'no connection to OVSDB',
      object: remotes,
      advice: 'check that ovsdb-server runs',
    });
  }

  async function connect(signal: AbortSignal): Promise<OvsState> {
    const made = open();
    await made.connect({ signal });
    if (monitor === undefined) {
      monitor = monitorOpenVswitch(made);
      monitor.catch(() => {
        monitor = undefined;
      });
    }
    copy ??= await startCopy(monitor);
    if (!connected()) await whenSynced(made, signal);
    return copy.state();
  }

  async function startCopy(starting: Promise<OpenVswitchMonitor>): Promise<OpenVswitchMonitor> {
    const started = await starting;
    started.subscribe(state => tell({ type: 'ovsdb.state.changed', ovs: state }));
    return started;
  }

  function whenSynced(made: OvsdbClient, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        stop();
        reject(uplinkError('OVSDB_UNREACHABLE', { what: 'OVSDB does not answer', object: remotes }));
      };
      const stop = made.subscribe(event => {
        if (event.type !== 'synced') return;
        stop();
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  async function commit(effect: OvsEffect, signal: AbortSignal): Promise<number> {
    const made = current();
    const guard = isLocked ? { signal, assertLock: OVSDB_LOCK } : { signal };
    switch (effect.op) {
      case 'ovs.host-port.create':
        return (await transactBumped(made, createHostPort(effect.rows, effect.bridge, effect.hostPort), guard)).nextCfg;
      case 'ovs.uplink.attach':
        return (await transactBumped(made, attachUplink(effect), guard).catch(explainWait)).nextCfg;
      // ovs-vswitchd does not wake up for these columns by themselves: it does for next_cfg (F-29).
      case 'ovs.port.configure':
        return (await transactBumped(made, configurePort(effect.rows, effect.port, effect.vlan), guard)).nextCfg;
      case 'ovs.uplink.detach': {
        const marked = await findMarkedRows(made, effect.rows.id, signal);
        return (await transactBumped(made, detachUplink(marked), { signal })).nextCfg;
      }
      case 'ovs.flow-restore-wait.clear': {
        const operations = await clearFlowRestoreWait(made, signal);
        return (await transactBumped(made, operations, { signal })).nextCfg;
      }
      case 'ovs.rows.remove': {
        const marked = await findMarkedRows(made, effect.rows.id, signal);
        return (await transactBumped(made, removeRows(marked), { signal })).nextCfg;
      }
    }
  }

  return {
    state: () => copy?.state(),
    connected,
    connect,
    bump: async signal => (await transactBumped(current(), [], { signal })).nextCfg,
    ownRows: async (id, signal) => toOwnRows(await findMarkedRows(current(), id, signal)),
    commit,
    async lock(onLost, signal, patienceMs) {
      const made = current();
      const lock = made.lock(OVSDB_LOCK);
      const patience = new AbortController();
      const acquired = lock.acquire(AbortSignal.any([signal, patience.signal]));
      acquired.catch(() => undefined);
      // The server answers in order: after this echo it has said whether the lock was free.
      await made.echo([], { signal });
      if (!lock.held && patienceMs > 0) {
        const timer = setTimeout(() => patience.abort(), patienceMs);
        await acquired.catch(() => undefined);
        clearTimeout(timer);
      }
      if (!lock.held) {
        patience.abort();
        await acquired.catch(() => undefined);
        throw uplinkError('LOCK_HELD', {
          what: 'another ovs-uplink holds the OVSDB lock',
          object: OVSDB_LOCK,
          advice: 'wait until it has finished',
        });
      }
      isLocked = true;
      const stop = lock.subscribe(event => {
        if (event !== 'lost' && event !== 'stolen') return;
        isLocked = false;
        onLost(
          event === 'stolen'
            ? { code: 'LOCK_HELD', what: 'another process took the OVSDB lock from us', object: OVSDB_LOCK }
            : {
                code: 'OVSDB_DISCONNECTED',
                what: 'the connection to ovsdb-server was lost, and with it our lock',
                object: remotes,
                advice: 'see whether ovsdb-server runs',
              },
        );
      });
      return async () => {
        isLocked = false;
        stop();
        await lock.release();
      };
    },
    async close() {
      await client?.close();
    },
  };
}

/** The only `wait` on that table is the one for flow-restore-wait. */
function explainWait(error: unknown): never {
  if (!isUplinkError(error) || error.details.object?.endsWith('wait Open_vSwitch') !== true) throw error;
  throw uplinkError('OVSDB_REFUSED', { ...error.details, ...FLOW_RESTORE_AGAIN }, error);
}
