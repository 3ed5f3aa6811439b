import { closeSync } from 'node:fs';
import type { Address } from '../domain/address.ts';
import type { Link } from '../domain/link.ts';
import { uplinkError } from '../errors.ts';
import { gratuitousArpFrame, unsolicitedAdvertisementFrame } from './announce-frames.ts';
import { macBytes } from './ip-text.ts';
import { openNetns } from './netns.ts';
import { type NetnsHandle, RawSocket, SOCK_RAW } from './socket.ts';
import { AF_PACKET, HOST_IS_LITTLE_ENDIAN } from './wire.ts';

const SOCKADDR_LL = 20;
const ETHERNET_MAC_LENGTH = 6;

/** How to announce. */
export interface AnnounceOptions {
  /** The present namespace when left out. */
  readonly netnsPath?: string;
  /** The hardware address to announce; the link's own when left out. */
  readonly mac?: string;
  /** Sets the router flag of neighbour advertisements: this host forwards IPv6. */
  readonly isRouter?: boolean;
}

/**
 * Tells the neighbours of a link where addresses now are: a gratuitous ARP as request and as reply (some listen to one
 * only), and an unsolicited neighbour advertisement for IPv6. Loopback-scope addresses are the caller's to leave out.
 * Returns the number of frames sent. Throws USAGE for a link without an Ethernet address, NETLINK_REFUSED (ENETDOWN when
 * the link is down).
 */
export function announceAddresses(
  link: Pick<Link, 'index' | 'name' | 'mac'>,
  addresses: readonly Pick<Address, 'family' | 'local'>[],
  options: AnnounceOptions = {},
): number {
  const mac = options.mac ?? link.mac;
  if (mac === null || macBytes(mac).length !== ETHERNET_MAC_LENGTH) {
    throw uplinkError('USAGE', {
      what: 'cannot announce addresses',
      object: link.name,
      expected: 'an Ethernet link',
      got: `${mac}`,
    });
  }
  const frames = addresses.flatMap(address =>
    address.family === 6
      ? [unsolicitedAdvertisementFrame(mac, address.local, options.isRouter)]
      : [gratuitousArpFrame(mac, address.local, 'request'), gratuitousArpFrame(mac, address.local, 'reply')],
  );
  const path = options.netnsPath;
  const netns = path === undefined ? undefined : { fd: openNetns(path), path };
  try {
    sendFrames(link, frames, netns);
  } finally {
    if (netns !== undefined) closeSync(netns.fd);
  }
  return frames.length;
}

/** Sends Ethernet frames out of a link, past the IP stack. Throws NETLINK_REFUSED. */
export function sendFrames(
  link: Pick<Link, 'index' | 'name'>,
  frames: readonly Uint8Array[],
  netns: NetnsHandle | undefined,
): void {
  // Protocol 0: this socket sends only.
  const socket = new RawSocket(link.name, AF_PACKET, SOCK_RAW, 0, netns);
  try {
    for (const frame of frames) socket.sendTo(frame, packetAddress(link.index, frame));
  } finally {
    socket.close();
  }
}

/** struct sockaddr_ll (packet(7)) for a frame: protocol and destination are taken from its Ethernet header. */
function packetAddress(linkIndex: number, frame: Uint8Array): Uint8Array {
  const address = new Uint8Array(SOCKADDR_LL);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, HOST_IS_LITTLE_ENDIAN);
  address.set(frame.subarray(12, 14), 2);
  view.setInt32(4, linkIndex, HOST_IS_LITTLE_ENDIAN);
  view.setUint8(11, ETHERNET_MAC_LENGTH);
  address.set(frame.subarray(0, ETHERNET_MAC_LENGTH), 12);
  return address;
}
