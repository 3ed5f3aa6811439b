import { MessageWriter } from './message-writer.ts';
import { forEachAttribute, malformed, NLMSG_HEADER, readU32, type Wire } from './wire.ts';

/** struct rtgenmsg is one byte, padded. */
const RTGENMSG = 4;
const NETNSA_NSID = 1;

/** Decodes RTM_NEWNSID or RTM_DELNSID: the id by which this namespace knows another one. Throws NETLINK_MALFORMED. */
export function decodeNetnsId(wire: Wire, at: number, end: number): number {
  let id: number | null = null;
  forEachAttribute(wire, at + NLMSG_HEADER + RTGENMSG, end, (type, offset, length) => {
    if (type === NETNSA_NSID) id = readU32(wire, offset, length) | 0;
  });
  if (id === null) throw malformed('network namespace id', 'no NETNSA_NSID');
  return id;
}

/** Family header of a dump of all namespace ids. */
export function netnsIdDumpPayload(): Uint8Array {
  return new MessageWriter().header(RTGENMSG, () => undefined).finish();
}
