import type { Ack } from './request.ts';
import {
  align4,
  forEachAttribute,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_HEADER,
  needLength,
  readString,
  readU32,
  type Wire,
} from './wire.ts';

const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_MISS_TYPE = 5;

/** Decodes NLMSG_ERROR: struct nlmsgerr, then the request (its header only when capped), then the extended ack. */
export function decodeError(wire: Wire, at: number, end: number): Ack {
  needLength('NLMSG_ERROR', end - at, NLMSG_HEADER + 4 + NLMSG_HEADER);
  const flags = wire.u16[(at + 6) >> 1]!;
  const errno = -wire.i32[(at + NLMSG_HEADER) >> 2]!;
  const echoed = at + NLMSG_HEADER + 4;
  const echoedLength = (flags & NLM_F_CAPPED) !== 0 ? NLMSG_HEADER : align4(wire.u32[echoed >> 2]!);
  return withTlvs(wire, errno, flags, echoed + echoedLength, end);
}

/** Decodes NLMSG_DONE: errors that stop a dump, those of the strict header check too, arrive here (Linux 5.0 and later). */
export function decodeDone(wire: Wire, at: number, end: number): Ack {
  if (end - at < NLMSG_HEADER + 4) return { errno: 0, extAck: null, missingAttribute: null };
  const errno = -wire.i32[(at + NLMSG_HEADER) >> 2]!;
  return withTlvs(wire, errno, wire.u16[(at + 6) >> 1]!, at + NLMSG_HEADER + 4, end);
}

function withTlvs(wire: Wire, errno: number, flags: number, start: number, end: number): Ack {
  let extAck: string | null = null;
  let missingAttribute: number | null = null;
  if ((flags & NLM_F_ACK_TLVS) !== 0) {
    forEachAttribute(wire, start, end, (type, offset, length) => {
      if (type === NLMSGERR_ATTR_MSG) extAck = readString(wire, offset, length);
      else if (type === NLMSGERR_ATTR_MISS_TYPE) missingAttribute = readU32(wire, offset, length);
    });
  }
  // `-0` would survive JSON as 0 but not toEqual.
  return { errno: errno === 0 ? 0 : errno, extAck, missingAttribute };
}
