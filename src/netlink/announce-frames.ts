import { ipBytes, macBytes } from './ip-text.ts';

const BROADCAST = 'ff:ff:ff:ff:ff:ff';
/** The Ethernet form of ff02::1. */
const ALL_NODES_MAC = '33:33:00:00:00:01';
const ALL_NODES = 'ff02::1';
const ETH_P_ARP = 0x0806;
const ETH_P_IPV6 = 0x86dd;
const ICMPV6 = 58;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const SOURCE_LINK_LAYER_ADDRESS = 1;
const NA_ROUTER = 0x80000000;
const NA_OVERRIDE = 0x20000000;
const TARGET_LINK_LAYER_ADDRESS = 2;
const IPV6_HEADER = 40;
/** A solicitation or advertisement with one link-layer address option. */
const ND_LENGTH = 32;

/** An Ethernet frame with a gratuitous ARP (RFC 5227 §3): sender and target address are the same. */
export function gratuitousArpFrame(mac: string, address: string, form: 'request' | 'reply'): Uint8Array {
  const frame = new Uint8Array(42);
  const view = new DataView(frame.buffer);
  frame.set(macBytes(BROADCAST), 0);
  frame.set(macBytes(mac), 6);
  view.setUint16(12, ETH_P_ARP);
  view.setUint16(14, 1);
  view.setUint16(16, 0x0800);
  view.setUint8(18, 6);
  view.setUint8(19, 4);
  view.setUint16(20, form === 'request' ? 1 : 2);
  frame.set(macBytes(mac), 22);
  frame.set(ipBytes(address, 4), 28);
  // RFC 826 leaves the target's hardware address of a request open; a reply goes to everybody.
  if (form === 'reply') frame.set(macBytes(BROADCAST), 32);
  frame.set(ipBytes(address, 4), 38);
  return frame;
}

/** An Ethernet frame with an unsolicited neighbour advertisement to all nodes, override flag set (RFC 4861 §7.2.6). */
export function unsolicitedAdvertisementFrame(mac: string, address: string, isRouter = false): Uint8Array {
  return neighbourDiscoveryFrame(mac, macBytes(ALL_NODES_MAC), address, ipBytes(ALL_NODES, 6), {
    type: NEIGHBOUR_ADVERTISEMENT,
    flags: (NA_OVERRIDE | (isRouter ? NA_ROUTER : 0)) >>> 0,
    target: ipBytes(address, 6),
    option: TARGET_LINK_LAYER_ADDRESS,
  });
}

/** An Ethernet frame with a neighbour solicitation to the target's solicited-node group (RFC 4861 §4.3). */
export function neighbourSolicitationFrame(mac: string, source: string, target: string): Uint8Array {
  const bytes = ipBytes(target, 6);
  const group = ipBytes('ff02::1:ff00:0', 6);
  group.set(bytes.subarray(13), 13);
  const groupMac = Uint8Array.of(0x33, 0x33, ...group.subarray(12));
  return neighbourDiscoveryFrame(mac, groupMac, source, group, {
    type: NEIGHBOUR_SOLICITATION,
    flags: 0,
    target: bytes,
    option: SOURCE_LINK_LAYER_ADDRESS,
  });
}

interface NeighbourDiscoveryMessage {
  readonly type: number;
  readonly flags: number;
  readonly target: Uint8Array;
  /** The option that carries our hardware address. */
  readonly option: number;
}

function neighbourDiscoveryFrame(
  mac: string,
  destinationMac: Uint8Array,
  source: string,
  destination: Uint8Array,
  message: NeighbourDiscoveryMessage,
): Uint8Array {
  const frame = new Uint8Array(14 + IPV6_HEADER + ND_LENGTH);
  const view = new DataView(frame.buffer);
  frame.set(destinationMac, 0);
  frame.set(macBytes(mac), 6);
  view.setUint16(12, ETH_P_IPV6);
  const ip = 14;
  view.setUint8(ip, 0x60);
  view.setUint16(ip + 4, ND_LENGTH);
  view.setUint8(ip + 6, ICMPV6);
  // Receivers throw away anything that a router may have forwarded (RFC 4861 §7.1).
  view.setUint8(ip + 7, 255);
  frame.set(ipBytes(source, 6), ip + 8);
  frame.set(destination, ip + 24);
  const icmp = ip + IPV6_HEADER;
  view.setUint8(icmp, message.type);
  view.setUint32(icmp + 4, message.flags);
  frame.set(message.target, icmp + 8);
  view.setUint8(icmp + 24, message.option);
  view.setUint8(icmp + 25, 1);
  frame.set(macBytes(mac), icmp + 26);
  view.setUint16(icmp + 2, icmpv6Checksum(frame.subarray(ip, icmp), frame.subarray(icmp)));
  return frame;
}

/** Internet checksum over the pseudo header (RFC 8200 §8.1) and the message, whose own checksum field is still zero. */
function icmpv6Checksum(ipHeader: Uint8Array, message: Uint8Array): number {
  let sum = message.length + ICMPV6;
  for (const part of [ipHeader.subarray(8), message]) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
