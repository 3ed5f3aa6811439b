import type { Socket } from 'node:net';
import type { Failure } from '../../../errors.ts';
import { uplinkError } from '../../../errors.ts';
import { DEFAULT_SYSTEM_BUS, parseBusAddress } from './address.ts';
import { greet } from './connection.ts';
import { dial } from './dial.ts';
import { underLimit } from './limit.ts';
import type { BusSignal, SignalFilter } from './match-rule.ts';

/** A method call. Values go as D-Bus types by `signature`; a variant is `[signature, value]`, a dictionary an array of pairs. */
export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

/** An object's interface, for its properties. */
export interface BusObject {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
}

/**
 * A connection to the system bus. Every call ends within its limit: with the answer, with `OWNER_REFUSED` (an error reply; its name by
 * `busErrorName`), `OWNER_UNREACHABLE` (silence, nobody has that name, connection lost) or `ABORTED`. No call starts a service.
 *
 * Values arrive as: numbers (64 bits: bigint), booleans, texts, arrays; a variant as what it holds, a dictionary as an array of pairs (see
 * `toDictionary`), bytes as a Buffer. The connection does not keep the process alive; a call that is under way does.
 */
export interface SystemBus extends AsyncDisposable {
  /** Our own unique name, `:1.7`. */
  readonly name: string;
  call(call: BusCall, limitMs?: number, signal?: AbortSignal): Promise<readonly unknown[]>;
  getAll(object: BusObject, limitMs?: number, signal?: AbortSignal): Promise<ReadonlyMap<string, unknown>>;
  get(object: BusObject, property: string, limitMs?: number, signal?: AbortSignal): Promise<unknown>;
  /** Sets a property; `signature` is that of the value. */
  set(
    object: BusObject,
    property: string,
    signature: string,
    value: unknown,
    limitMs?: number,
    signal?: AbortSignal,
  ): Promise<void>;
  /** The unique name of the process that owns a name; undefined for none. */
  nameOwner(name: string, limitMs?: number, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Hears signals from now on; the function ends it. They are hints, to be followed by a reading: another process may send the like where
   * `sender` is not given.
   */
  subscribe(
    filter: SignalFilter,
    listener: (heard: BusSignal) => void,
    limitMs?: number,
    signal?: AbortSignal,
  ): Promise<() => void>;
  /** Called once, when the connection is lost (not by {@link close}); at once where it is lost already. The function takes it back. */
  onClosed(listener: (failure: Failure) => void): () => void;
  /** Ends the connection and every call that is under way; resolves when the socket is closed. */
  close(): Promise<void>;
}

/** How {@link openSystemBus} connects. */
export interface SystemBusOptions {
  /** A D-Bus address; default `DBUS_SYSTEM_BUS_ADDRESS`, then `unix:path=/run/dbus/system_bus_socket`. */
  readonly address?: string | undefined;
  /** For connecting, for authentication with Hello, and for each later call that names no limit of its own. */
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects to the system bus; undefined where this host has none. Rejects with `OWNER_UNREACHABLE` when it does not answer within the limit
 * or turns us away, `ABORTED`.
 */
export async function openSystemBus(options: SystemBusOptions): Promise<SystemBus | undefined> {
  const { limitMs, signal } = options;
  const address = options.address ?? process.env['DBUS_SYSTEM_BUS_ADDRESS'] ?? DEFAULT_SYSTEM_BUS;
  const paths = parseBusAddress(address);
  if (paths.length === 0) {
    throw uplinkError('OWNER_UNREACHABLE', {
      what: 'not the address of a system bus',
      object: address,
      expected: DEFAULT_SYSTEM_BUS,
      advice: 'set DBUS_SYSTEM_BUS_ADDRESS, or unset it',
    });
  }
  const silent = { what: 'the system bus does not answer', object: address };
  const socket = await underLimit(limitMs, signal, silent, underway => dialFirst(paths, underway));
  return socket === undefined ? undefined : greet(socket, { address, limitMs, signal });
}

async function dialFirst(paths: readonly string[], signal: AbortSignal): Promise<Socket | undefined> {
  for (const path of paths) {
    const socket = await dial(path, signal);
    if (socket !== undefined) return socket;
  }
  return undefined;
}
