import { GENLMSGHDR, genlMessage } from './genetlink.ts';
import type { MessageWriter } from './message-writer.ts';
import { change, type NetlinkRequest } from './request.ts';
import {
  forEachAttribute,
  malformed,
  NLMSG_HEADER,
  needLength,
  readString,
  readU32,
  readU64,
  type Wire,
} from './wire.ts';

/** struct ovs_header: the ifindex of the datapath's local port. */
const OVS_HEADER = 4;
const OVS_DATAPATH_VERSION = 2;
const OVS_VPORT_VERSION = 1;
const OVS_DP_CMD_GET = 3;
const OVS_VPORT_CMD_DEL = 2;
const OVS_VPORT_CMD_GET = 3;

const OVS_DP_ATTR_NAME = 1;
const OVS_DP_ATTR_STATS = 3;
const OVS_DP_ATTR_USER_FEATURES = 5;

const OVS_VPORT_ATTR_PORT_NO = 1;
const OVS_VPORT_ATTR_TYPE = 2;
const OVS_VPORT_ATTR_NAME = 3;
const OVS_VPORT_ATTR_IFINDEX = 8;
const OVS_VPORT_ATTR_NETNSID = 9;

const VPORT_TYPES = ['unspec', 'netdev', 'internal', 'gre', 'vxlan', 'geneve'] as const;

/** A datapath of the kernel module. */
export interface Datapath {
  /** ifindex of its local port (`ovs-system`); names the datapath in other requests. */
  readonly index: number;
  readonly name: string;
  /** OVS_DP_F_* bits that its creator asked for. */
  readonly userFeatures: number | null;
  /** Packets that matched a flow, that did not, and that were lost on the way to ovs-vswitchd. */
  readonly stats: {
    readonly hit: number;
    readonly missed: number;
    readonly lost: number;
    readonly flows: number;
  } | null;
}

/** A port of a datapath. */
export interface Vport {
  readonly datapathIndex: number;
  readonly portNumber: number;
  readonly name: string;
  readonly type: (typeof VPORT_TYPES)[number];
  /** null where the kernel does not say (before 4.15). */
  readonly linkIndex: number | null;
  /** Id of the namespace that the port's link was moved to; null while it is in the datapath's own. */
  readonly netnsId: number | null;
}

function ovsMessage(command: number, version: number, datapathIndex: number): MessageWriter {
  return genlMessage(command, version).header(OVS_HEADER, (view, at, le) => view.setInt32(at, datapathIndex, le));
}

/** Payload of a dump of all datapaths. */
export function datapathDumpPayload(): Uint8Array {
  return ovsMessage(OVS_DP_CMD_GET, OVS_DATAPATH_VERSION, 0).finish();
}

/** Payload of a dump of all ports of a datapath. */
export function vportDumpPayload(datapathIndex: number): Uint8Array {
  return ovsMessage(OVS_VPORT_CMD_GET, OVS_VPORT_VERSION, datapathIndex).finish();
}

/** Which port to delete: the kernel finds it by name in any datapath, or by number in one. */
export type VportTarget = { readonly name: string } | { readonly datapathIndex: number; readonly portNumber: number };

/** Builds the request of `deleteVport`. */
export function deleteVportRequest(familyId: number, target: VportTarget): NetlinkRequest {
  const byName = 'name' in target;
  const writer = ovsMessage(OVS_VPORT_CMD_DEL, OVS_VPORT_VERSION, byName ? 0 : target.datapathIndex);
  if (byName) writer.string(OVS_VPORT_ATTR_NAME, target.name);
  else writer.u32(OVS_VPORT_ATTR_PORT_NO, target.portNumber);
  const object = byName ? target.name : `port ${target.portNumber} of datapath ${target.datapathIndex}`;
  return change('cannot delete datapath port', object, familyId, 0, writer.finish());
}

/** Decodes OVS_DP_CMD_NEW. Throws NETLINK_MALFORMED. */
export function decodeDatapath(wire: Wire, at: number, end: number): Datapath {
  const body = at + NLMSG_HEADER + GENLMSGHDR;
  needLength('datapath', end - body, OVS_HEADER);
  let name: string | null = null;
  let userFeatures: number | null = null;
  let stats: Datapath['stats'] = null;
  forEachAttribute(wire, body + OVS_HEADER, end, (type, offset, length) => {
    if (type === OVS_DP_ATTR_NAME) name = readString(wire, offset, length);
    else if (type === OVS_DP_ATTR_USER_FEATURES) userFeatures = readU32(wire, offset, length);
    else if (type === OVS_DP_ATTR_STATS) {
      const at64 = (index: number) => readU64(wire, offset + index * 8, length - index * 8);
      stats = { hit: at64(0), missed: at64(1), lost: at64(2), flows: at64(3) };
    }
  });
  if (name === null) throw malformed('datapath', 'no OVS_DP_ATTR_NAME');
  return { index: wire.i32[body >> 2]!, name, userFeatures, stats };
}

/** Decodes OVS_VPORT_CMD_NEW. Throws NETLINK_MALFORMED. */
export function decodeVport(wire: Wire, at: number, end: number): Vport {
  const body = at + NLMSG_HEADER + GENLMSGHDR;
  needLength('datapath port', end - body, OVS_HEADER);
  let portNumber: number | null = null;
  let name: string | null = null;
  let type: Vport['type'] = 'unspec';
  let linkIndex: number | null = null;
  let netnsId: number | null = null;
  forEachAttribute(wire, body + OVS_HEADER, end, (attribute, offset, length) => {
    if (attribute === OVS_VPORT_ATTR_PORT_NO) portNumber = readU32(wire, offset, length);
    else if (attribute === OVS_VPORT_ATTR_NAME) name = readString(wire, offset, length);
    else if (attribute === OVS_VPORT_ATTR_TYPE) type = VPORT_TYPES[readU32(wire, offset, length)] ?? 'unspec';
    else if (attribute === OVS_VPORT_ATTR_IFINDEX) linkIndex = readU32(wire, offset, length);
    else if (attribute === OVS_VPORT_ATTR_NETNSID) netnsId = readU32(wire, offset, length) | 0;
  });
  if (portNumber === null || name === null) throw malformed('datapath port', 'no number or no name');
  return { datapathIndex: wire.i32[body >> 2]!, portNumber, name, type, linkIndex, netnsId };
}
