import { uplinkError } from '../errors.ts';
import { decodeError } from './ack.ts';
import { ENOBUFS, errnoName } from './errno.ts';
import { createReceiveBuffer, forEachMessage } from './messages.ts';
import { nextSequence, putMessage } from './netlink-socket.ts';
import { type Ack, type NetlinkRequest, type NetlinkResult, refused } from './request.ts';
import type { RawSocket } from './socket.ts';
import { NLM_F_ACK, NLMSG_DONE, NLMSG_ERROR, NLMSG_HEADER, type Wire } from './wire.ts';

/** One send takes this many messages at most: their acks, about 800 bytes each, must fit the default receive buffer. */
const MAX_MESSAGES = 250;
const SEND_BYTES = 256 * 1024;

// Shared by all request sockets: everything between send and the last receive is synchronous.
const sendBytes = new Uint8Array(SEND_BYTES);
const sendView = new DataView(sendBytes.buffer);
let receiveWire: Wire | undefined;

const DONE: Ack = { errno: 0, extAck: null, missingAttribute: null };

/** Called for a message of the answer that is no acknowledgement: `at` is the offset of its nlmsghdr. */
export type ReplyVisitor = (wire: Wire, type: number, at: number, end: number) => void;

/**
 * Sends requests in one datagram and reads their acknowledgements, in order. Synchronous: rtnetlink has queued the
 * answer before send returns, so that this waits for nothing but the kernel's own work. At most {@link MAX_MESSAGES}.
 */
function exchange(
  socket: RawSocket,
  requests: readonly NetlinkRequest[],
  length: number,
  first: number,
  onReply?: ReplyVisitor,
): Ack[] {
  receiveWire ??= createReceiveBuffer();
  const wire = receiveWire;
  socket.send(sendBytes, length);
  const acks: Ack[] = [];
  let pending = requests.length;
  while (pending > 0) {
    const received = socket.receive(wire.u8);
    if (received.kind === 'failed' && received.errno === ENOBUFS) {
      throw uplinkError('NETLINK_OVERRUN', { what: 'acknowledgements were lost', object: requests[0]!.object });
    }
    if (received.kind !== 'datagram') {
      throw uplinkError('NETLINK_TIMEOUT', {
        what: 'the kernel did not acknowledge a request',
        object: `${requests[0]!.what}: ${requests[0]!.object}`,
        ...(received.kind === 'failed' ? { errno: received.errno, errnoName: errnoName(received.errno) } : {}),
      });
    }
    forEachMessage(wire, received.length, (type, at, end) => {
      const index = wire.u32[(at + 8) >> 2]! - first;
      // Answers to an earlier exchange that failed half way.
      if (index < 0 || index >= requests.length) return false;
      if (type === NLMSG_ERROR) {
        if (acks[index] === undefined) pending--;
        acks[index] = decodeError(wire, at, end);
      } else if (type !== NLMSG_DONE) {
        onReply?.(wire, type, at, end);
        // A request for an object that asks for no acknowledgement is answered by the object, or by an error.
        if ((requests[index]!.flags & NLM_F_ACK) === 0 && acks[index] === undefined) {
          pending--;
          acks[index] = DONE;
        }
      }
      return false;
    });
  }
  return acks;
}

/** Reserves a run of sequence numbers that does not wrap. */
function reserveSequences(count: number): number {
  let first = nextSequence();
  for (let i = 1; i < count; i++) {
    const next = nextSequence();
    if (next < first) {
      first = next;
      i = 0;
    }
  }
  return first;
}

/** Sends one request and returns the kernel's acknowledgement, whatever it says. */
export function requestAck(socket: RawSocket, request: NetlinkRequest, onReply?: ReplyVisitor): Ack {
  const first = nextSequence();
  checkSize(request);
  const length = putMessage(sendView, sendBytes, 0, request, first);
  return exchange(socket, [request], length, first, onReply)[0]!;
}

/** Sends one request; throws NETLINK_REFUSED with errno and extended-ack text. */
export function requestOrThrow(socket: RawSocket, request: NetlinkRequest, onReply?: ReplyVisitor): void {
  const ack = requestAck(socket, request, onReply);
  if (ack.errno !== 0) throw refused(request, ack);
}

/** Sends many requests, as few datagrams as possible; each is done or refused on its own, in order. */
export function requestMany(socket: RawSocket, requests: readonly NetlinkRequest[]): NetlinkResult[] {
  const results: NetlinkResult[] = [];
  for (let start = 0; start < requests.length; ) {
    let end = start;
    let length = 0;
    while (end < requests.length && end - start < MAX_MESSAGES) {
      checkSize(requests[end]!);
      const size = align(requests[end]!);
      if (length + size > SEND_BYTES) break;
      length += size;
      end++;
    }
    const part = requests.slice(start, end);
    for (const [i, ack] of sendPart(socket, part).entries()) {
      results.push(ack.errno === 0 ? { ok: true } : { ok: false, error: refused(part[i]!, ack) });
    }
    start = end;
  }
  return results;
}

function sendPart(socket: RawSocket, part: readonly NetlinkRequest[]): Ack[] {
  const first = reserveSequences(part.length);
  let at = 0;
  part.forEach((request, i) => {
    putMessage(sendView, sendBytes, at, request, first + i);
    at += align(request);
  });
  return exchange(socket, part, at, first);
}

/** Sends messages as they are, as one datagram, and returns the acknowledgements of those that asked for one (nf_tables). */
export function requestTransaction(
  socket: RawSocket,
  requests: readonly NetlinkRequest[],
  wantsAck: (request: NetlinkRequest) => boolean,
): Map<NetlinkRequest, Ack> {
  receiveWire ??= createReceiveBuffer();
  const wire = receiveWire;
  const first = reserveSequences(requests.length);
  let at = 0;
  requests.forEach((request, i) => {
    checkSize(request);
    putMessage(sendView, sendBytes, at, request, first + i);
    at += align(request);
  });
  socket.send(sendBytes, at);
  const acks = new Map<NetlinkRequest, Ack>();
  // A batch that fails as a whole is answered once, with the sequence number of its begin message, which asks for no ack.
  for (;;) {
    const received = socket.receive(wire.u8);
    if (received.kind !== 'datagram') break;
    forEachMessage(wire, received.length, (type, offset, end) => {
      const request = requests[wire.u32[(offset + 8) >> 2]! - first];
      if (type === NLMSG_ERROR && request !== undefined) acks.set(request, decodeError(wire, offset, end));
      return false;
    });
  }
  const silent = requests.find(request => wantsAck(request) && !acks.has(request));
  const failed = [...acks.values()].some(ack => ack.errno !== 0);
  if (silent !== undefined && !failed) {
    throw uplinkError('NETLINK_TIMEOUT', {
      what: 'the kernel did not acknowledge a request',
      object: `${silent.what}: ${silent.object}`,
    });
  }
  return acks;
}

function align(request: NetlinkRequest): number {
  return (NLMSG_HEADER + request.payload.length + 3) & ~3;
}

function checkSize(request: NetlinkRequest): void {
  if (NLMSG_HEADER + request.payload.length <= SEND_BYTES) return;
  throw uplinkError('USAGE', {
    what: `${request.what}: request too large`,
    object: request.object,
    expected: `at most ${SEND_BYTES} bytes`,
    got: `${request.payload.length} bytes`,
  });
}
