import type { NetlinkRequest } from './request.ts';
import { type NetnsHandle, RawSocket, SOCK_RAW } from './socket.ts';
import { AF_NETLINK, HOST_IS_LITTLE_ENDIAN, NLMSG_HEADER } from './wire.ts';

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
export const NETLINK_GENERIC = 16;

const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** 8 MiB asked (the kernel doubles it) holds about 20,000 route events or 7,000 link events: blocks.md §2.2. */
export const DEFAULT_RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;
const SEND_BUFFER_BYTES = 1024 * 1024;

/** How a netlink socket is opened. */
export interface NetlinkSocketOptions {
  /** NETLINK_ROUTE and so on. */
  readonly protocol: number;
  readonly label: string;
  readonly netns?: NetnsHandle | undefined;
  readonly receiveBufferBytes?: number | undefined;
  /** RTNLGRP_* numbers to join. */
  readonly groups?: readonly number[];
}

/** Opens and binds a netlink socket with extended acks, capped acks and strict header checks switched on. */
export function openNetlinkSocket(options: NetlinkSocketOptions): RawSocket {
  const socket = new RawSocket(options.label, AF_NETLINK, SOCK_RAW, options.protocol, options.netns);
  try {
    socket.setBuffers(options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES);
    // Each of them only makes answers better; kernels before 4.12, 4.3 and 4.20 lack them.
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
      socket.setOptionIfKnown(SOL_NETLINK, option, 1);
    }
    const address = new Uint8Array(12);
    new DataView(address.buffer).setUint16(0, AF_NETLINK, HOST_IS_LITTLE_ENDIAN);
    socket.bind(address);
    for (const group of options.groups ?? []) socket.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

let lastSequence = 0;

/** The next sequence number: unique per process for 2^32 requests and never 0, which is that of notifications. */
export function nextSequence(): number {
  lastSequence = lastSequence >= 0xffffffff ? 1 : lastSequence + 1;
  return lastSequence;
}

/** Lays one message with its header into a send buffer; returns the length. The buffer must be large enough. */
export function putMessage(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  request: NetlinkRequest,
  sequence: number,
): number {
  const length = NLMSG_HEADER + request.payload.length;
  view.setUint32(at, length, HOST_IS_LITTLE_ENDIAN);
  view.setUint16(at + 4, request.type, HOST_IS_LITTLE_ENDIAN);
  view.setUint16(at + 6, request.flags | 1, HOST_IS_LITTLE_ENDIAN);
  view.setUint32(at + 8, sequence, HOST_IS_LITTLE_ENDIAN);
  view.setUint32(at + 12, 0, HOST_IS_LITTLE_ENDIAN);
  bytes.set(request.payload, at + NLMSG_HEADER);
  return length;
}
