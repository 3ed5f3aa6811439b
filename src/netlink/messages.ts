import { malformed, NLMSG_HEADER, type Wire, wireOver } from './wire.ts';

/** Larger than any datagram that rtnetlink makes: dumps come in 32 KiB, a link with all its altnames and VFs may be more. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/** A receive buffer with its views. */
export function createReceiveBuffer(): Wire {
  return wireOver(new ArrayBuffer(RECEIVE_BUFFER_BYTES));
}

/** Called with the message's type, its offset (of nlmsghdr) and its end. Return true to stop. */
export type MessageVisitor = (type: number, at: number, end: number) => boolean | undefined;

/** Walks the messages of one datagram; throws NETLINK_MALFORMED when one overruns it. */
export function forEachMessage(wire: Wire, length: number, visit: MessageVisitor): void {
  let at = 0;
  while (at + NLMSG_HEADER <= length) {
    const size = wire.u32[at >> 2]!;
    if (size < NLMSG_HEADER || at + size > length) {
      throw malformed('netlink message', `length ${size} where ${length - at} bytes are left`);
    }
    if (visit(wire.u16[(at + 4) >> 1]!, at, at + size) === true) return;
    at += (size + 3) & ~3;
  }
}
