import { uplinkError } from '../errors.ts';
import { ENOBUFS, errnoName } from './errno.ts';
import { decodeEvent, GROUP_NUMBERS, type NetlinkEvent, type NetlinkGroup } from './event.ts';
import { createReceiveBuffer, forEachMessage } from './messages.ts';
import { DEFAULT_RECEIVE_BUFFER_BYTES, NETLINK_ROUTE, openNetlinkSocket } from './netlink-socket.ts';
import { watchReadable } from './readiness.ts';
import type { NetnsHandle, RawSocket } from './socket.ts';
import type { Wire } from './wire.ts';

/** Datagrams taken in one turn of the event loop; timers and other sockets get their turn in between. */
const MAX_DATAGRAMS = 512;

// Shared: a datagram is decoded whole before any listener runs.
let eventWire: Wire | undefined;

/** A running subscription. Listeners are called one event at a time, in the kernel's order, never before `subscribe` returns. */
export interface NetlinkSubscription {
  /** Notifications that the kernel dropped because its 16 MiB buffer was full. After each loss a `resync` event follows. */
  readonly dropped: number;
  /** Notifications that could not be decoded; a `resync` event stands in for each. */
  readonly malformed: number;
  /** Exceptions that the listener threw; each is also reported as a process warning. Delivery goes on. */
  readonly listenerErrors: number;
  /** Delivers at once what the kernel has queued: after a request was acknowledged, the events that it caused. */
  drain(): void;
  /** Stops at once: no event is delivered after it. May be called twice. */
  close(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to open a subscription. */
export interface SubscriptionOptions {
  readonly groups: readonly NetlinkGroup[];
  readonly netns: NetnsHandle | undefined;
  readonly receiveBufferBytes: number | undefined;
  readonly listener: (event: NetlinkEvent) => void;
  readonly onClose?: () => void;
}

/** Opens a socket of its own for the groups and delivers their events until closed. Throws NETLINK_REFUSED. */
export function openSubscription(options: SubscriptionOptions): NetlinkSubscription {
  if (options.groups.length === 0) throw uplinkError('USAGE', { what: 'a subscription needs a group' });
  const socket = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    label: 'rtnetlink events',
    netns: options.netns,
    receiveBufferBytes: options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES,
    groups: [...new Set(options.groups)].flatMap(group => GROUP_NUMBERS[group]),
  });
  return new Subscription(socket, options);
}

class Subscription implements NetlinkSubscription {
  readonly #socket: RawSocket;
  readonly #options: SubscriptionOptions;
  readonly #readiness: { close(): void };
  #drops = 0;
  malformed = 0;
  listenerErrors = 0;

  constructor(socket: RawSocket, options: SubscriptionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#readiness = watchReadable(socket.fd, () => this.drain());
  }

  get dropped(): number {
    if (this.#socket.isOpen) this.#drops = this.#socket.drops();
    return this.#drops;
  }

  close(): void {
    if (!this.#socket.isOpen) return;
    this.#drops = this.#socket.drops();
    this.#readiness.close();
    this.#socket.close();
    this.#options.onClose?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  drain(): void {
    eventWire ??= createReceiveBuffer();
    for (let i = 0; i < MAX_DATAGRAMS && this.#socket.isOpen; i++) {
      const received = this.#receive(eventWire);
      if (received === undefined) return;
      for (const event of received) {
        // A listener may have closed us.
        if (!this.#socket.isOpen) return;
        this.#deliver(event);
      }
    }
  }

  /** The events of one datagram; undefined when there is none. */
  #receive(wire: Wire): NetlinkEvent[] | undefined {
    const events: NetlinkEvent[] = [];
    try {
      const received = this.#socket.receive(wire.u8);
      if (received.kind === 'empty') return undefined;
      if (received.kind === 'failed') {
        if (received.errno === ENOBUFS) return [{ type: 'resync', reason: 'overrun' }];
        throw uplinkError('NETLINK_REFUSED', {
          what: 'cannot receive events',
          errno: received.errno,
          errnoName: errnoName(received.errno),
        });
      }
      forEachMessage(wire, received.length, (type, at, end) => {
        const event = decodeEvent(wire, type, at, end);
        if (event !== undefined) events.push(event);
        return false;
      });
    } catch (error) {
      this.malformed++;
      process.emitWarning(`netlink event skipped: ${String(error)}`, { code: 'OVS_UPLINK_NETLINK_EVENT' });
      events.push({ type: 'resync', reason: 'malformed' });
    }
    return events;
  }

  #deliver(event: NetlinkEvent): void {
    try {
      this.#options.listener(event);
    } catch (error) {
      this.listenerErrors++;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.emitWarning(`listener of netlink events threw: ${text}`, { code: 'OVS_UPLINK_NETLINK_LISTENER' });
    }
  }
}
