import { type UplinkError, uplinkError } from '../errors.ts';
import { decodeDone, decodeError } from './ack.ts';
import { ENOBUFS, errnoName } from './errno.ts';
import { createReceiveBuffer, forEachMessage } from './messages.ts';
import { nextSequence, putMessage } from './netlink-socket.ts';
import { untilReadable } from './readiness.ts';
import { type Ack, type NetlinkRequest, refused } from './request.ts';
import type { RawSocket } from './socket.ts';
import {
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_OVERRUN,
  type Wire,
} from './wire.ts';

/** Tries before a table that changes all the time is given up; each costs one dump. */
const MAX_ATTEMPTS = 64;
/** Dumps that wait for their turn; a further one is refused. */
const MAX_QUEUED = 1024;
/** The event loop gets its turn this often during a long dump, and during a queue of short ones. */
const SLICE_MS = 4;
const ANSWER_TIMEOUT_MS = 30_000;

/** Takes the objects of one attempt. A new collector is made for every attempt. */
export interface DumpCollector<T> {
  /** `at` is the offset of the nlmsghdr. */
  message(wire: Wire, type: number, at: number, end: number): void;
  result(): T;
}

/** A request for a dump. */
export function dumpRequest(what: string, type: number, payload: Uint8Array): NetlinkRequest {
  return { what: `cannot list ${what}`, object: what, type, flags: NLM_F_REQUEST | NLM_F_DUMP, payload };
}

type Attempt = { readonly outcome: 'complete' | 'interrupted' } | { readonly outcome: 'refused'; readonly ack: Ack };

/** Runs dumps one after another on a socket of their own, because a socket runs one dump at a time (EBUSY). */
export class Dumper {
  readonly #socket: RawSocket;
  readonly #wire = createReceiveBuffer();
  readonly #sendBytes = new Uint8Array(4096);
  readonly #closing = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #sliceEnd = 0;
  /** Attempts thrown away because the table changed meanwhile (NLM_F_DUMP_INTR) or answers were lost. */
  interrupted = 0;

  constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  /**
   * Runs a dump; tries again while the kernel says that it was interrupted. Rejects with NETLINK_REFUSED,
   * NETLINK_OVERRUN (never came out whole), NETLINK_MALFORMED, NETLINK_CLOSED.
   */
  dump<T>(request: NetlinkRequest, createCollector: () => DumpCollector<T>): Promise<T> {
    if (this.#queued >= MAX_QUEUED) {
      return Promise.reject(
        uplinkError('NETLINK_OVERRUN', { what: 'too many dumps wait', expected: `at most ${MAX_QUEUED}` }),
      );
    }
    // A queue that is worked off goes on with the slice that it began.
    if (this.#queued === 0) this.#sliceEnd = performance.now() + SLICE_MS;
    this.#queued++;
    const run = this.#tail.then(() => this.#run(request, createCollector)).finally(() => this.#queued--);
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** Rejects what waits and resolves when nothing runs any more; the socket stays the caller's to close. */
  async close(): Promise<void> {
    this.#closing.abort(uplinkError('NETLINK_CLOSED', { what: 'netlink client is closed' }));
    await this.#tail;
  }

  async #run<T>(request: NetlinkRequest, createCollector: () => DumpCollector<T>): Promise<T> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      this.#closing.signal.throwIfAborted();
      const collector = createCollector();
      const outcome = await this.#attempt(request, collector).catch(error => {
        this.#drain();
        throw error;
      });
      if (outcome.outcome === 'complete') return collector.result();
      if (outcome.outcome === 'refused') throw refused(request, outcome.ack);
      this.interrupted++;
      await nextTurn();
    }
    throw uplinkError('NETLINK_OVERRUN', {
      what: request.what,
      expected: 'one dump without changes meanwhile',
      got: `${MAX_ATTEMPTS} interrupted ones`,
      advice: 'something changes the network configuration without pause',
    });
  }

  async #attempt(request: NetlinkRequest, collector: DumpCollector<unknown>): Promise<Attempt> {
    const wire = this.#wire;
    const sequence = nextSequence();
    const length = putMessage(new DataView(this.#sendBytes.buffer), this.#sendBytes, 0, request, sequence);
    this.#socket.send(this.#sendBytes, length);
    let interrupted = false;
    let end: Attempt | undefined;
    let failure: unknown;
    const visit = (type: number, at: number, stop: number): boolean => {
      if (wire.u32[(at + 8) >> 2] !== sequence) return false;
      if ((wire.u16[(at + 6) >> 1]! & NLM_F_DUMP_INTR) !== 0) interrupted = true;
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        const ack = type === NLMSG_DONE ? decodeDone(wire, at, stop) : decodeError(wire, at, stop);
        end = ack.errno === 0 ? { outcome: interrupted ? 'interrupted' : 'complete' } : { outcome: 'refused', ack };
        return true;
      }
      if (type === NLMSG_OVERRUN) interrupted = true;
      else if (failure === undefined) {
        try {
          collector.message(wire, type, at, stop);
        } catch (error) {
          // Read on to the end, so that the next dump finds the socket free.
          failure = error;
        }
      }
      return false;
    };
    while (end === undefined) {
      const received = this.#socket.receive(wire.u8);
      if (received.kind === 'datagram') forEachMessage(wire, received.length, visit);
      else if (received.kind === 'empty') await this.#untilAnswered(request);
      else if (received.errno === ENOBUFS) interrupted = true;
      else throw receiveFailed(request, received.errno);
      if (performance.now() > this.#sliceEnd) {
        await nextTurn();
        this.#closing.signal.throwIfAborted();
        this.#sliceEnd = performance.now() + SLICE_MS;
      }
    }
    // A change half way can also make one object undecodable: then the next attempt tells.
    if (failure !== undefined && end.outcome !== 'interrupted') throw failure;
    return end;
  }

  /** Reads what is left of a dump that failed half way: the kernel refuses the next one until this one has ended. */
  #drain(): void {
    if (!this.#socket.isOpen) return;
    while (this.#socket.receive(this.#wire.u8).kind !== 'empty');
  }

  async #untilAnswered(request: NetlinkRequest): Promise<void> {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      await untilReadable(this.#socket.fd, AbortSignal.any([this.#closing.signal, timeout]));
    } catch (error) {
      if (!timeout.aborted) throw error;
      throw uplinkError('NETLINK_TIMEOUT', {
        what: request.what,
        expected: `an answer within ${ANSWER_TIMEOUT_MS} ms`,
      });
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

function receiveFailed(request: NetlinkRequest, errno: number): UplinkError {
  return uplinkError('NETLINK_REFUSED', { what: request.what, errno, errnoName: errnoName(errno) });
}
