import { type UplinkError, uplinkError } from '../errors.ts';
import type { ServerLink } from './server-link.ts';
import { waitUntil } from './wait-until.ts';

/** A lock of the server (RFC 7047 §4.1.8): one connection at a time holds it, and loses it with the connection. */
export interface OvsdbLock {
  readonly name: string;
  /** True while this connection holds it, as far as the server has told. Guard changes with `assertLock`, not with this. */
  readonly held: boolean;
  /**
   * Asks for the lock and resolves when it is held; asks again after a reconnect. `ABORTED` when the signal ends first (the
   * request is then taken back), `OVSDB_DISCONNECTED` when the client is closed.
   */
  acquire(signal?: AbortSignal): Promise<void>;
  /** Takes the lock from whoever holds it. */
  steal(signal?: AbortSignal): Promise<void>;
  /** Gives the lock back, or the request for it; resolves when the server has confirmed or the connection is gone. */
  release(): Promise<void>;
  /** Tells each change of {@link held}; `lost` by a disconnect, `stolen` by another client. Returns what ends it. */
  subscribe(listener: (event: LockEvent) => void): () => void;
}

export type LockEvent = 'held' | 'lost' | 'stolen' | 'released';

/** The inner side of a lock: what the client tells it. */
export interface LockControl extends OvsdbLock {
  onConnected(link: ServerLink): void;
  onDisconnected(): void;
  onLocked(): void;
  onStolen(): void;
  onClosed(error: UplinkError): void;
}

/** Makes a lock; nothing is asked for yet. `report` takes what listeners throw. */
export function createLock(name: string, report: (error: unknown) => void): LockControl {
  const listeners = new Set<(event: LockEvent) => void>();
  const waiters = new Set<{ resolve: () => void; reject: (error: unknown) => void }>();
  let link: ServerLink | undefined;
  let wanted = false;
  let requested = false;
  let held = false;
  /** Replies to requests of an earlier acquire are not ours. */
  let round = 0;

  function set(next: boolean, event: LockEvent): void {
    if (held === next) return;
    held = next;
    if (held) for (const waiter of [...waiters]) waiter.resolve();
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        report(error);
      }
    }
  }

  function request(method: 'lock' | 'steal'): void {
    if (link === undefined) return;
    requested = true;
    const mine = ++round;
    link.session.request(method, [name], reply => {
      if (mine !== round) return;
      if (reply.kind === 'result') {
        const { locked } = reply.result as { locked?: unknown };
        if (locked === true) set(true, 'held');
      } else if (reply.kind === 'error') {
        requested = false;
        const error = uplinkError('OVSDB_REFUSED', {
          what: `OVSDB refused "${method}"`,
          object: name,
          ovsdbError: String(JSON.stringify(reply.error)),
        });
        for (const waiter of [...waiters]) waiter.reject(error);
      }
    });
  }

  function unlock(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    round++;
    if (link === undefined || !requested) resolve();
    else link.session.request('unlock', [name], () => resolve());
    requested = false;
    return promise;
  }

  function whenHeld(signal: AbortSignal | undefined): Promise<void> {
    if (held) return Promise.resolve();
    return waitUntil<void>(
      (resolve, reject) => {
        const waiter = { resolve: () => resolve(), reject };
        waiters.add(waiter);
        return () => waiters.delete(waiter);
      },
      {
        signal,
        onTimeout: () => undefined,
        onAbort: () => {
          if (waiters.size === 0 && !held) {
            wanted = false;
            void unlock();
          }
          return uplinkError('ABORTED', { what: 'gave up waiting for the OVSDB lock', object: name });
        },
      },
    );
  }

  return {
    name,
    get held() {
      return held;
    },
    acquire(signal) {
      wanted = true;
      const waiting = whenHeld(signal);
      if (!held && !requested && signal?.aborted !== true) request('lock');
      return waiting;
    },
    async steal(signal) {
      wanted = true;
      if (held) return;
      // A client that is queued for the lock must leave the queue before it may steal (RFC 7047 §4.1.8).
      const left = requested ? unlock() : undefined;
      const waiting = whenHeld(signal);
      waiting.catch(() => {});
      await left;
      if (!held && signal?.aborted !== true) request('steal');
      return waiting;
    },
    async release() {
      wanted = false;
      const done = unlock();
      set(false, 'released');
      await done;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onConnected(next) {
      link = next;
      requested = false;
      if (wanted) request('lock');
    },
    onDisconnected() {
      link = undefined;
      requested = false;
      round++;
      set(false, 'lost');
    },
    onLocked() {
      if (wanted) set(true, 'held');
    },
    onStolen() {
      set(false, 'stolen');
    },
    onClosed(error) {
      wanted = false;
      for (const waiter of [...waiters]) waiter.reject(error);
    },
  };
}
