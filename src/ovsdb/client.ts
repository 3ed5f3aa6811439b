import type { Failure } from '../errors.ts';
import { isUplinkError, toFailure, uplinkError } from '../errors.ts';
import type { ClientOptions, OvsdbClient, OvsdbCounters, OvsdbEvent, OvsdbState } from './client-types.ts';
import { DEFAULT_MAX_MESSAGE_BYTES } from './json-framer.ts';
import { createLock, type LockControl } from './lock.ts';
import { createMonitorSet } from './monitor-set.ts';
import type { OpenedLink } from './open-link.ts';
import { assertLock, type Operation } from './operation.ts';
import { type ReconnectLoop, startReconnectLoop } from './reconnect.ts';
import { formatRemote, parseRemotes } from './remote.ts';
import { callServer, type ServerLink } from './server-link.ts';
import { decodeTransaction, encodeTransaction, type OperationResult, refused } from './transaction.ts';
import { waitUntil } from './wait-until.ts';

const DEFAULT_PROBE_MS = 5_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_IN_FLIGHT = 1_024;
const DEFAULT_RECONNECT = { minDelayMs: 50, maxDelayMs: 2_000 };

/** Makes a client; nothing is connected before {@link OvsdbClient.connect}. Throws `USAGE` for remotes that cannot be read. */
export function createOvsdbClient(options: ClientOptions): OvsdbClient {
  const remotes = (typeof options.remotes === 'string' ? [options.remotes] : options.remotes).flatMap(parseRemotes);
  if (remotes.length === 0) {
    throw uplinkError('USAGE', { what: 'no OVSDB remote', expected: 'at least one', got: 'none' });
  }
  const object = remotes.map(formatRemote).join(',');
  const database = options.database ?? 'Open_vSwitch';
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  const stopping = new AbortController();
  const listeners = new Set<(event: OvsdbEvent) => void>();
  const connectWaiters = new Set<() => void>();
  const locks = new Map<string, LockControl>();
  const counters = { connects: 0, disconnects: 0, downloads: 0, resumed: 0, refusedBusy: 0, messages: 0, bytes: 0 };
  let state: OvsdbState = 'disconnected';
  let opened: OpenedLink | undefined;
  let schema: OvsdbClient['schema'];
  let loop: ReconnectLoop | undefined;

  const monitors = createMonitorSet({
    database,
    report,
    onSynced: how => {
      counters[how === 'resumed' ? 'resumed' : 'downloads']++;
      if (monitors.allSynced()) emit({ type: 'synced' });
    },
    onBroken: failure => opened?.drop(failure),
  });

  function report(error: unknown): void {
    if (options.onDefect !== undefined) options.onDefect(error);
    else process.emitWarning(error instanceof Error ? error : String(error), 'OvsdbListenerDefect');
  }

  function emit(event: OvsdbEvent): void {
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        report(error);
      }
    }
  }

  function onNotification(method: string, [name]: readonly unknown[]): void {
    const lock = typeof name === 'string' ? locks.get(name) : undefined;
    if (lock === undefined) return;
    if (method === 'locked') lock.onLocked();
    else if (method === 'stolen') lock.onStolen();
  }

  function onOpened(next: OpenedLink): void {
    opened = next;
    schema = next.schema;
    state = 'connected';
    counters.connects++;
    // Locks first: a transaction sent by a listener of what follows may assert one.
    for (const lock of locks.values()) lock.onConnected(next.link);
    emit({ type: 'connected', remote: next.link.remote, schemaVersion: next.schema.version });
    monitors.onConnected(next.link, next.schema);
    for (const resolve of [...connectWaiters]) resolve();
  }

  function onGone(reason: Failure): void {
    if (opened !== undefined) addCounters(opened.link);
    opened = undefined;
    if (state !== 'closed') state = 'disconnected';
    counters.disconnects++;
    monitors.onDisconnected();
    for (const lock of locks.values()) lock.onDisconnected();
    emit({ type: 'disconnected', reason });
  }

  function addCounters({ session }: ServerLink): void {
    counters.messages += session.counters.messages;
    counters.bytes += session.counters.bytes;
    counters.refusedBusy += session.counters.busy;
  }

  function start(): ReconnectLoop {
    return startReconnectLoop(
      remotes,
      {
        database,
        tls: options.tls,
        leaderOnly: options.leaderOnly ?? false,
        inactivityProbeMs: options.inactivityProbeMs ?? DEFAULT_PROBE_MS,
        connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
        maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
        maxInFlight: options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
        seenIndexes: new Map(),
        onNotification,
      },
      { ...DEFAULT_RECONNECT, ...options.reconnect },
      {
        onTrying: () => {
          if (state !== 'closed') state = 'connecting';
        },
        onOpened,
        onGone,
      },
      stopping.signal,
    );
  }

  function unreachable(): unknown {
    const reasons = [...(loop?.failures.values() ?? [])];
    return uplinkError('OVSDB_UNREACHABLE', {
      what: 'cannot reach OVSDB',
      object,
      got: reasons.length === 0 ? 'no answer yet' : reasons.join(' | '),
      advice: 'check that ovsdb-server runs and listens there',
    });
  }

  /** The connection, or the reason why there is none: nothing was sent then. */
  function linkNow(what: string): ServerLink {
    if (opened !== undefined) return opened.link;
    throw uplinkError('OVSDB_DISCONNECTED', {
      what: `${what} was not sent`,
      object,
      got: state === 'closed' ? 'the client is closed' : 'not connected',
    });
  }

  async function transact(
    operations: readonly Operation[],
    limits: { signal?: AbortSignal; timeoutMs?: number; assertLock?: string } = {},
  ): Promise<OperationResult[]> {
    const link = linkNow('the transaction');
    const known = schema;
    if (known === undefined) throw new Error('connected without a schema');
    const all = limits.assertLock === undefined ? operations : [assertLock(limits.assertLock), ...operations];
    const params = encodeTransaction(known, all);
    const used = opened;
    try {
      const result = await callServer(
        link,
        'transact',
        params,
        { signal: limits.signal, timeoutMs: limits.timeoutMs ?? requestTimeoutMs, changes: true },
        error => refused('transaction', error),
      );
      const results = decodeTransaction(known, all, result);
      return limits.assertLock === undefined ? results : results.slice(1);
    } catch (error) {
      // Whatever is sent after a write that a minority cannot commit waits behind it: try another connection.
      if (isUplinkError(error) && error.code === 'OVSDB_TIMEOUT') used?.drop(toFailure(error));
      throw error;
    }
  }

  async function close(): Promise<void> {
    if (state === 'closed') {
      await loop?.ended;
      return;
    }
    state = 'closed';
    const error = uplinkError('OVSDB_DISCONNECTED', { what: 'the OVSDB client was closed', object });
    monitors.onClosed(error);
    for (const lock of locks.values()) lock.onClosed(error);
    stopping.abort();
    await loop?.ended;
  }

  function subscribe(listener: (event: OvsdbEvent) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    get state() {
      return state;
    },
    get schema() {
      return schema;
    },
    get remote() {
      return opened?.link.remote;
    },
    get counters(): OvsdbCounters {
      const now = opened?.link.session;
      return {
        ...counters,
        inFlight: now?.inFlight ?? 0,
        refusedBusy: counters.refusedBusy + (now?.counters.busy ?? 0),
        messages: counters.messages + (now?.counters.messages ?? 0),
        bytes: counters.bytes + (now?.counters.bytes ?? 0),
      };
    },
    async connect(limits = {}) {
      if (state === 'closed') linkNow('a request to connect');
      loop ??= start();
      if (opened !== undefined) return;
      await waitUntil<void>(
        (resolve, reject) => {
          const waiter = () => resolve();
          const onStop = () => reject(unreachable());
          connectWaiters.add(waiter);
          stopping.signal.addEventListener('abort', onStop);
          return () => {
            connectWaiters.delete(waiter);
            stopping.signal.removeEventListener('abort', onStop);
          };
        },
        { signal: limits.signal, timeoutMs: limits.timeoutMs, onAbort: unreachable, onTimeout: unreachable },
      );
    },
    on: subscribe,
    subscribe,
    monitor(request, limits = {}) {
      if (state === 'closed') return Promise.reject(toRejection(() => linkNow('the monitor')));
      return monitors.add(request, limits.signal);
    },
    transact,
    lock(name) {
      const known = locks.get(name);
      if (known !== undefined) return known;
      const lock = createLock(name, report);
      locks.set(name, lock);
      lock.subscribe(event => {
        if (event === 'held') emit({ type: 'locked', name });
        else if (event === 'stolen') emit({ type: 'stolen', name });
      });
      if (opened !== undefined) lock.onConnected(opened.link);
      return lock;
    },
    async echo(payload = [], limits = {}) {
      const timeoutMs = limits.timeoutMs ?? requestTimeoutMs;
      const link = linkNow('the echo');
      const result = await callServer(link, 'echo', payload, { ...limits, timeoutMs }, error => refused('echo', error));
      return Array.isArray(result) ? result : [];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function toRejection(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
