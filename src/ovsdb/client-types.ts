import type { Failure } from '../errors.ts';
import type { TlsFiles } from './dial.ts';
import type { OvsdbLock } from './lock.ts';
import type { MonitorRequest } from './monitor-plan.ts';
import type { Operation } from './operation.ts';
import type { Replica } from './replica.ts';
import type { DatabaseSchema } from './schema.ts';
import type { OperationResult } from './transaction.ts';

/** How to reach a database and within which bounds. */
export interface ClientOptions {
  /** Text as {@link parseRemotes} takes it; several for a cluster. */
  readonly remotes: string | readonly string[];
  /** Default `Open_vSwitch`. */
  readonly database?: string;
  /** Needed for `ssl:` remotes. */
  readonly tls?: TlsFiles;
  /** Use only the leader of a cluster: its reads are never stale. Default false. */
  readonly leaderOnly?: boolean;
  /** Silence after which the server is probed, and again as long after which it is given up; 0 never. Default 5000. */
  readonly inactivityProbeMs?: number;
  /** Bound on connecting to one remote, and on each step of what is asked then. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Bound on one message in either direction. Default 256 MiB. */
  readonly maxMessageBytes?: number;
  /** Bound on unanswered requests; one more is rejected with `OVSDB_TOO_LARGE` and not sent. Default 1024. */
  readonly maxInFlight?: number;
  /** Default 50 to 2000. */
  readonly reconnect?: { readonly minDelayMs?: number; readonly maxDelayMs?: number };
  /** Bound on a transaction or echo that names none. Default 10,000: an election of a cluster takes one to two seconds. */
  readonly requestTimeoutMs?: number;
  /** Takes what a listener throws; by default it becomes a process warning. */
  readonly onDefect?: (error: unknown) => void;
}

export type OvsdbState = 'connecting' | 'connected' | 'disconnected' | 'closed';

/** What happens to the connection; what happens to rows is told by the {@link Replica}. */
export type OvsdbEvent =
  | { readonly type: 'connected'; readonly remote: string; readonly schemaVersion: string }
  /** Every replica has caught up. */
  | { readonly type: 'synced' }
  | { readonly type: 'disconnected'; readonly reason: Failure }
  /** A lock that was asked for is ours now. */
  | { readonly type: 'locked'; readonly name: string }
  | { readonly type: 'stolen'; readonly name: string };

/** Counted from the client's beginning. */
export interface OvsdbCounters {
  readonly connects: number;
  readonly disconnects: number;
  /** Replicas filled by a full download. */
  readonly downloads: number;
  /** Replicas that only needed the gap after a reconnect. */
  readonly resumed: number;
  /** Requests that are unanswered now. */
  readonly inFlight: number;
  /** Requests not sent because of {@link ClientOptions.maxInFlight}. */
  readonly refusedBusy: number;
  readonly messages: number;
  readonly bytes: number;
}

/** A waiting call's limits; `timeoutMs` 0 sets no deadline. */
export interface WaitLimits {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** A client of one OVSDB database (RFC 7047), which stays connected until it is closed. */
export interface OvsdbClient extends AsyncDisposable {
  readonly state: OvsdbState;
  /** The schema of the last connection; undefined before the first. */
  readonly schema: DatabaseSchema | undefined;
  /** The server in use. */
  readonly remote: string | undefined;
  readonly counters: OvsdbCounters;
  /**
   * Starts connecting, and resolves at once when connected. Rejects with `OVSDB_UNREACHABLE` that holds each remote's reason when the
   * signal or `timeoutMs` (default none) ends first; the client goes on trying until it is closed.
   */
  connect(limits?: WaitLimits): Promise<void>;
  /** Tells connection events from now on; returns what ends it. */
  subscribe(listener: (event: OvsdbEvent) => void): () => void;
  /** The same as {@link subscribe}. */
  on(listener: (event: OvsdbEvent) => void): () => void;
  /**
   * Starts a live copy and resolves when it is filled; while disconnected it waits. Rejects with `OVSDB_SCHEMA` (no such table or
   * column), `USAGE` (a condition that does not fit), `OVSDB_REFUSED`, `UNSUPPORTED`, `ABORTED`, or `OVSDB_DISCONNECTED` when the client is closed.
   */
  monitor(request: MonitorRequest, limits?: { readonly signal?: AbortSignal }): Promise<Replica>;
  /**
   * Carries out a transaction: all of it or nothing. Rejects with
   * - `OVSDB_REFUSED`: an operation failed, nothing was changed; `object` says which;
   * - `OVSDB_SCHEMA`, `USAGE`, `OVSDB_TOO_LARGE`: nothing was sent;
   * - `OVSDB_DISCONNECTED`: {@link isOutcomeUnknown} tells "in flight" from "not sent";
   * - `OVSDB_TIMEOUT` (the connection is then given up) and `ABORTED` (it is kept): the outcome is unknown.
   */
  transact(
    operations: readonly Operation[],
    options?: WaitLimits & { /** Refuse unless this client holds the lock. */ readonly assertLock?: string },
  ): Promise<OperationResult[]>;
  /** The lock of this name; always the same object. */
  lock(name: string): OvsdbLock;
  /** Asks the server to send `payload` back. */
  echo(payload?: readonly unknown[], limits?: WaitLimits): Promise<readonly unknown[]>;
  /** Ends everything; resolves when the connection and the reconnecting have stopped. Idempotent. */
  close(): Promise<void>;
}
