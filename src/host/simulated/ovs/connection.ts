import type { EffectResult } from '../../../domain/effect.ts';
import type { OvsState } from '../../../domain/ovs-state.ts';
import type { Clock } from '../../../engine/clock.ts';
import type { Failure } from '../../../errors.ts';
import { toUplinkError, uplinkError } from '../../../errors.ts';
import type { HostEvent, OwnRows } from '../../host.ts';
import type { OvsEffect } from '../../linux-effects.ts';
import { OVSDB_LOCK } from '../../linux-ovs.ts';
import type { Tables } from './database.ts';
import type { OvsdbServer, ServerPeer } from './server.ts';
import { carryOut, findOwnRows } from './transactions.ts';

/** One process's client of OVSDB: its copy, its connection, its lock; what `createOvsLink` is on a real host. */
export interface OvsConnection {
  /** The copy: undefined before the first {@link connect}, frozen while disconnected. */
  state(): OvsState | undefined;
  connected(): boolean;
  /** Resolves when the copy is current; waits while ovsdb-server is down. Rejects with `OVSDB_UNREACHABLE` when the signal aborts. */
  connect(signal?: AbortSignal): Promise<OvsState>;
  /** Throws as {@link commit} fails. */
  bump(): number;
  /** Throws `OVSDB_DISCONNECTED`. */
  ownRows(id: string): OwnRows;
  commit(effect: OvsEffect): EffectResult;
  /** Rejects with `LOCK_HELD` when another keeps it for longer than `patienceMs` (default 0), `OVSDB_DISCONNECTED`; resolves to what gives it back. */
  lock(onLost: (failure: Failure) => void, patienceMs?: number, signal?: AbortSignal): Promise<() => Promise<void>>;
  subscribe(listener: (event: HostEvent) => void): () => void;
  /** The end of the process: connection and lock go. */
  close(): void;
}

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly server: OvsdbServer;
  readonly remotes: string;
  /** True once when the next change is to be made without its answer getting back. */
  readonly takeLostAnswer: () => boolean;
  readonly tell: (event: HostEvent) => void;
}

/** What adds or changes asserts our lock, as on a real host. */
const GUARDED: readonly OvsEffect['op'][] = ['ovs.host-port.create', 'ovs.uplink.attach', 'ovs.port.configure'];

/** Makes a client; nothing is connected before {@link OvsConnection.connect}. */
export function createConnection(options: ConnectionOptions): OvsConnection {
  const { server, remotes } = options;
  const listeners = new Set<(event: HostEvent) => void>();
  const waiters = new Set<(state: OvsState) => void>();
  const lockWaiters = new Set<() => void>();
  let detach: (() => void) | undefined;
  let copy: OvsState | undefined;
  let isConnected = false;
  let isLocked = false;
  let wantsLock = false;
  let onLockLost: ((failure: Failure) => void) | undefined;

  const tell = (event: HostEvent): void => {
    options.tell(event);
    for (const listener of [...listeners]) listener(event);
  };

  function loseLock(failure: Failure): void {
    const told = onLockLost;
    onLockLost = undefined;
    isLocked = false;
    told?.(failure);
  }

  const peer: ServerPeer = {
    onConnected() {
      const isFirst = copy === undefined;
      const before = copy;
      copy = server.database.state();
      isConnected = true;
      // The lock first: a real client asks for it again before anything else.
      if (wantsLock) server.lock(peer);
      if (!isFirst) {
        if (copy !== before) tell({ type: 'ovsdb.state.changed', ovs: copy });
        tell({ type: 'ovsdb.connection.opened' });
        tell({ type: 'ovsdb.state.changed', ovs: copy });
      }
      for (const resolve of [...waiters]) resolve(copy);
    },
    onDisconnected(failure) {
      isConnected = false;
      loseLock({
        code: 'OVSDB_DISCONNECTED',
        what: 'the connection to ovsdb-server was lost, and with it our lock',
        object: remotes,
        advice: 'see whether ovsdb-server runs',
      });
      tell({ type: 'ovsdb.connection.lost', failure });
    },
    onChanged() {
      copy = server.database.state();
      tell({ type: 'ovsdb.state.changed', ovs: copy });
    },
    onLocked() {
      for (const wake of [...lockWaiters]) wake();
    },
    onStolen() {
      loseLock({ code: 'LOCK_HELD', what: 'another process took the OVSDB lock from us', object: OVSDB_LOCK });
    },
  };

  /** The refusal where nothing can be sent. */
  function offline(): Failure | undefined {
    if (isConnected) return undefined;
    return {
      code: 'OVSDB_DISCONNECTED',
      what: 'no connection to OVSDB',
      object: remotes,
      advice: 'check that ovsdb-server runs',
    };
  }

  /** Resolves when the lock is ours, or the patience at its end. */
  function whenLocked(patienceMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        options.clock.clearTimeout(timer);
        lockWaiters.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = options.clock.setTimeout(end, patienceMs);
      lockWaiters.add(end);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  /** One transaction that also raises `next_cfg`. */
  function transact(isGuarded: boolean, change: (tables: Tables) => Failure | undefined): EffectResult {
    const refused = offline();
    if (refused !== undefined) return { ok: false, failure: refused };
    const isRefused = isGuarded && isLocked && !server.isLockedBy(peer);
    const isLost = options.takeLostAnswer();
    // The server has the request already; nothing that it says gets back.
    if (isLost) server.drop('connection reset');
    let nextCfg = 0;
    const failure = server.database.transact(tables => {
      const first = isRefused ? notOwner() : change(tables);
      if (first !== undefined) return first;
      tables.nextCfg += 1;
      nextCfg = tables.nextCfg;
      return undefined;
    });
    if (isLost) return { ok: false, failure: lostAnswer(remotes) };
    if (failure !== undefined) return { ok: false, failure };
    return server.database.state().system === null ? { ok: false, failure: notInitialised() } : { ok: true, nextCfg };
  }

  return {
    state: () => copy,
    connected: () => isConnected,
    connect(signal) {
      if (isConnected && copy !== undefined) return Promise.resolve(copy);
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiters.delete(finish);
          reject(
            uplinkError('OVSDB_UNREACHABLE', {
              what: 'cannot reach OVSDB',
              object: remotes,
              got: 'connection refused',
              advice: 'check that ovsdb-server runs and listens there',
            }),
          );
        };
        const finish = (state: OvsState): void => {
          waiters.delete(finish);
          signal?.removeEventListener('abort', onAbort);
          resolve(state);
        };
        if (signal?.aborted === true) return onAbort();
        waiters.add(finish);
        signal?.addEventListener('abort', onAbort, { once: true });
        detach ??= server.attach(peer);
      });
    },
    bump() {
      const result = transact(false, () => undefined);
      if (result.ok) return result.nextCfg ?? 0;
      throw toUplinkError(result.failure);
    },
    ownRows(id) {
      const refused = offline();
      if (refused !== undefined) throw toUplinkError(refused);
      return findOwnRows(server.database.state(), id);
    },
    commit: effect =>
      // What removes is not guarded: it must also work without the lock.
      transact(GUARDED.includes(effect.op), tables => carryOut(server.database, effect, tables, isLocked)),
    async lock(onLost, patienceMs = 0, signal) {
      const refused = offline();
      if (refused !== undefined) throw toUplinkError(refused);
      if (!server.lock(peer) && patienceMs > 0) await whenLocked(patienceMs, signal);
      if (!server.isLockedBy(peer)) {
        server.unlock(peer);
        throw uplinkError('LOCK_HELD', {
          what: 'another ovs-uplink holds the OVSDB lock',
          object: OVSDB_LOCK,
          advice: 'wait until it has finished',
        });
      }
      isLocked = true;
      wantsLock = true;
      onLockLost = onLost;
      return async () => {
        isLocked = false;
        wantsLock = false;
        onLockLost = undefined;
        server.unlock(peer);
      };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      listeners.clear();
      waiters.clear();
      lockWaiters.clear();
      onLockLost = undefined;
      isConnected = false;
      detach?.();
    },
  };
}

function lostAnswer(object: string): Failure {
  return {
    code: 'OVSDB_DISCONNECTED',
    what: 'the connection to OVSDB was lost',
    object,
    got: 'outcome unknown: it may or may not have happened (connection reset)',
  };
}

function notOwner(): Failure {
  return {
    code: 'OVSDB_REFUSED',
    what: 'OVSDB refused the request',
    object: 'operation 1: assert',
    ovsdbError: 'not owner',
    ovsdbDetails: `Asserted lock ${OVSDB_LOCK} not held.`,
  };
}

function notInitialised(): Failure {
  return {
    code: 'OVSDB_NOT_APPLIED',
    what: 'committed, but nobody will apply it',
    object: 'Open_vSwitch',
    expected: 'one row in table Open_vSwitch',
    got: 'none',
    advice: 'run "ovs-vsctl init"',
  };
}
