import type { Link, OperState } from '../domain/link.ts';
import { macText } from './ip-text.ts';
import {
  IFINFOMSG,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_ALT_IFNAME,
  IFLA_CARRIER,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MAX_MTU,
  IFLA_MIN_MTU,
  IFLA_MTU,
  IFLA_OPERSTATE,
  IFLA_PARENT_DEV_BUS_NAME,
  IFLA_PARENT_DEV_NAME,
  IFLA_PERM_ADDRESS,
  IFLA_PROMISCUITY,
  IFLA_PROP_LIST,
  IFLA_QDISC,
  IFLA_TXQLEN,
  IFLA_WIRELESS,
} from './link-attributes.ts';
import {
  AF_INET6,
  forEachAttribute,
  malformed,
  NLMSG_HEADER,
  needLength,
  readString,
  readU8,
  readU32,
  type Wire,
} from './wire.ts';

/** RFC 2863 states in the order of IF_OPER_*. */
const OPER_STATES: readonly OperState[] = [
  'unknown',
  'notpresent',
  'down',
  'lowerlayerdown',
  'testing',
  'dormant',
  'up',
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Decodes RTM_NEWLINK or RTM_DELLINK; `at` is the offset of the nlmsghdr. Undefined for messages that describe no whole
 * link: those of the bridge (AF_BRIDGE) and of wireless extensions. Throws NETLINK_MALFORMED.
 */
export function decodeLink(wire: Wire, at: number, end: number): Link | undefined {
  const body = at + NLMSG_HEADER;
  needLength('link', end - body, IFINFOMSG);
  if (wire.u8[body] !== 0) return undefined;
  const altnames: string[] = [];
  const link: Mutable<Link> = {
    index: wire.i32[(body + 4) >> 2]!,
    name: '',
    altnames,
    kind: null,
    slaveKind: null,
    flags: wire.u32[(body + 8) >> 2]!,
    operState: 'unknown',
    carrier: null,
    mtu: 0,
    minMtu: null,
    maxMtu: null,
    mac: null,
    permanentMac: null,
    master: null,
    lower: null,
    lowerNetnsId: null,
    alias: null,
    group: 0,
    txQueueLength: 0,
    qdisc: null,
    promiscuity: 0,
    parentDevice: null,
    parentBus: null,
    ipv6AddrGenMode: null,
  };
  let isWireless = false;
  forEachAttribute(wire, body + IFINFOMSG, end, (type, offset, length) => {
    switch (type) {
      case IFLA_IFNAME:
        link.name = readString(wire, offset, length);
        break;
      case IFLA_ADDRESS:
        link.mac = macText(wire.u8, offset, length);
        break;
      case IFLA_PERM_ADDRESS:
        link.permanentMac = macText(wire.u8, offset, length);
        break;
      case IFLA_MTU:
        link.mtu = readU32(wire, offset, length);
        break;
      case IFLA_MIN_MTU:
        // 0 stands for no limit, in both directions.
        link.minMtu = readU32(wire, offset, length) || null;
        break;
      case IFLA_MAX_MTU:
        link.maxMtu = readU32(wire, offset, length) || null;
        break;
      case IFLA_LINK:
        // A link of itself (ifindex = own) is how old kernels say "none"; 0 is a tunnel without a lower link.
        link.lower = readU32(wire, offset, length) || null;
        break;
      case IFLA_LINK_NETNSID:
        // Negative (NETNSA_NSID_NOT_ASSIGNED): in another namespace that has no id here.
        link.lowerNetnsId = readU32(wire, offset, length) | 0;
        break;
      case IFLA_MASTER:
        link.master = readU32(wire, offset, length) || null;
        break;
      case IFLA_QDISC:
        link.qdisc = readString(wire, offset, length);
        break;
      case IFLA_TXQLEN:
        link.txQueueLength = readU32(wire, offset, length);
        break;
      case IFLA_OPERSTATE:
        link.operState = OPER_STATES[readU8(wire, offset, length)] ?? 'unknown';
        break;
      case IFLA_CARRIER:
        link.carrier = readU8(wire, offset, length) !== 0;
        break;
      case IFLA_IFALIAS:
        link.alias = readString(wire, offset, length);
        break;
      case IFLA_GROUP:
        link.group = readU32(wire, offset, length);
        break;
      case IFLA_PROMISCUITY:
        link.promiscuity = readU32(wire, offset, length);
        break;
      case IFLA_PARENT_DEV_NAME:
        link.parentDevice = readString(wire, offset, length);
        break;
      case IFLA_PARENT_DEV_BUS_NAME:
        link.parentBus = readString(wire, offset, length);
        break;
      case IFLA_PROP_LIST:
        forEachAttribute(wire, offset, offset + length, (property, start, size) => {
          if (property === IFLA_ALT_IFNAME) altnames.push(readString(wire, start, size));
        });
        break;
      case IFLA_LINKINFO:
        forEachAttribute(wire, offset, offset + length, (info, start, size) => {
          if (info === IFLA_INFO_KIND) link.kind = readString(wire, start, size);
          else if (info === IFLA_INFO_SLAVE_KIND) link.slaveKind = readString(wire, start, size);
        });
        break;
      case IFLA_AF_SPEC:
        link.ipv6AddrGenMode = addrGenMode(wire, offset, length);
        break;
      case IFLA_WIRELESS:
        isWireless = true;
        break;
    }
  });
  if (isWireless) return undefined;
  if (link.name === '') throw malformed(`link ${link.index}`, 'no IFLA_IFNAME');
  return link;
}

function addrGenMode(wire: Wire, offset: number, length: number): number | null {
  let mode: number | null = null;
  forEachAttribute(wire, offset, offset + length, (family, start, size) => {
    if (family !== AF_INET6) return;
    forEachAttribute(wire, start, start + size, (type, at, bytes) => {
      if (type === IFLA_INET6_ADDR_GEN_MODE) mode = readU8(wire, at, bytes);
    });
  });
  return mode;
}
