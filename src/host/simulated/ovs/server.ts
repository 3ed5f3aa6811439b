import type { Clock } from '../../../engine/clock.ts';
import type { Failure } from '../../../errors.ts';
import type { Database } from './database.ts';

/** A client's end of a connection, as the server calls it. */
export interface ServerPeer {
  onConnected(): void;
  onDisconnected(failure: Failure): void;
  onChanged(): void;
  onLocked(): void;
  onStolen(): void;
}

/** ovsdb-server: who is connected, who holds the lock. */
export interface OvsdbServer {
  isRunning(): boolean;
  readonly database: Database;
  /** Connects as soon as the server runs; returns what ends that for good. */
  attach(peer: ServerPeer): () => void;
  /** `OVSDB_LOCK`; true when the peer has it now. A peer that waits gets it when it is free. */
  lock(peer: ServerPeer): boolean;
  unlock(peer: ServerPeer): void;
  isLockedBy(peer: ServerPeer): boolean;
  /** Somebody else takes the lock, from whoever has it, or gives it back. */
  holdLock(): void;
  freeLock(): void;
  stop(): void;
  start(): void;
  /** Ends all connections; they are opened again. */
  drop(text: string): void;
}

/** What {@link createOvsdbServer} takes. */
export interface ServerOptions {
  readonly clock: Clock;
  readonly database: Database;
  readonly remotes: string;
  /** From a loss, or the server's start, to the new connection. */
  readonly reconnectDelayMs: number;
}

/** Makes it, running. */
export function createOvsdbServer({ clock, database, remotes, reconnectDelayMs }: ServerOptions): OvsdbServer {
  const peers = new Set<ServerPeer>();
  const connected = new Set<ServerPeer>();
  /** In the order in which they asked. */
  let queue: (ServerPeer | 'foreign')[] = [];
  let isRunning = true;

  database.subscribe(() => {
    for (const peer of [...connected]) peer.onChanged();
  });

  function leaveQueue(peer: ServerPeer | 'foreign'): void {
    const wasFirst = queue[0] === peer;
    queue = queue.filter(each => each !== peer);
    const first = queue[0];
    if (wasFirst && first !== undefined && first !== 'foreign') first.onLocked();
  }

  function open(peer: ServerPeer): void {
    if (!isRunning || !peers.has(peer) || connected.has(peer)) return;
    connected.add(peer);
    peer.onConnected();
  }

  function drop(text: string): void {
    const lost = [...connected];
    connected.clear();
    queue = queue.filter(each => each === 'foreign');
    const failure: Failure = {
      code: 'OVSDB_DISCONNECTED',
      what: 'the connection to OVSDB was lost',
      object: remotes,
      got: text,
    };
    for (const peer of lost) peer.onDisconnected(failure);
  }

  function reopen(): void {
    clock.setTimeout(() => {
      for (const peer of [...peers]) open(peer);
    }, reconnectDelayMs);
  }

  return {
    isRunning: () => isRunning,
    database,
    attach(peer) {
      peers.add(peer);
      open(peer);
      return () => {
        peers.delete(peer);
        connected.delete(peer);
        leaveQueue(peer);
      };
    },
    lock(peer) {
      if (!queue.includes(peer)) queue.push(peer);
      return queue[0] === peer;
    },
    unlock: leaveQueue,
    isLockedBy: peer => queue[0] === peer,
    holdLock() {
      const holder = queue[0];
      queue = ['foreign', ...queue.filter(each => each !== 'foreign')];
      if (holder !== undefined && holder !== 'foreign') holder.onStolen();
    },
    freeLock: () => leaveQueue('foreign'),
    stop() {
      if (!isRunning) return;
      isRunning = false;
      drop('the other side closed the connection');
      queue = [];
      database.loseEphemeral();
    },
    start() {
      if (isRunning) return;
      isRunning = true;
      reopen();
    },
    drop(text) {
      if (!isRunning) return;
      drop(text);
      reopen();
    },
  };
}
