import { requestAck } from '../../../src/netlink/exchange.ts';
import { IFINFOMSG } from '../../../src/netlink/link-attributes.ts';
import { getLinkRequest } from '../../../src/netlink/link-requests.ts';
import { NETLINK_ROUTE, openNetlinkSocket } from '../../../src/netlink/netlink-socket.ts';
import type { NetnsHandle } from '../../../src/netlink/socket.ts';
import { forEachAttribute, NLMSG_HEADER, readU32 } from '../../../src/netlink/wire.ts';

const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;

/** How many queues a link has; our own client does not read it. */
export function readQueues(netns: NetnsHandle, index: number): string {
  const socket = openNetlinkSocket({ protocol: NETLINK_ROUTE, label: 'queues', netns });
  const counts = { tx: 0, rx: 0 };
  try {
    requestAck(socket, getLinkRequest(index), (wire, _type, at, end) => {
      forEachAttribute(wire, at + NLMSG_HEADER + IFINFOMSG, end, (attribute, offset, length) => {
        if (attribute === IFLA_NUM_TX_QUEUES) counts.tx = readU32(wire, offset, length);
        else if (attribute === IFLA_NUM_RX_QUEUES) counts.rx = readU32(wire, offset, length);
      });
    });
  } finally {
    socket.close();
  }
  return `${counts.tx} tx, ${counts.rx} rx`;
}
