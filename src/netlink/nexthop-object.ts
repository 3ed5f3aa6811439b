import { ipText } from './ip-text.ts';
import { MessageWriter } from './message-writer.ts';
import { familyOfAf } from './rtnetlink.ts';
import { forEachAttribute, malformed, NLMSG_HEADER, needLength, readU32, type Wire } from './wire.ts';

const NHMSG = 8;
const NHA_ID = 1;
const NHA_GROUP = 2;
const NHA_GROUP_TYPE = 3;
const NHA_BLACKHOLE = 4;
const NHA_OIF = 5;
const NHA_GATEWAY = 6;
const NHA_ENCAP_TYPE = 7;
const NHA_FDB = 11;
const NEXTHOP_GRP = 8;

/** A nexthop object (RTM_NEWNEXTHOP, Linux 5.3 and later), read only; plain JSON. */
export interface NexthopObject {
  readonly id: number;
  /** null for a group. */
  readonly family: 4 | 6 | null;
  readonly protocol: number;
  readonly scope: number;
  /** RTNH_F_* bits. */
  readonly flags: number;
  readonly linkIndex: number | null;
  readonly gateway: string | null;
  readonly blackhole: boolean;
  /** For bridges and VXLAN, not for routes. */
  readonly fdb: boolean;
  readonly encapType: number | null;
  /** Members with their weights, 1 and up; null where it is no group. */
  readonly group: readonly { readonly id: number; readonly weight: number }[] | null;
  /** NEXTHOP_GRP_TYPE_*: 0 multipath, 1 resilient; null where it is no group. */
  readonly groupType: number | null;
}

/** Decodes RTM_NEWNEXTHOP or RTM_DELNEXTHOP. Throws NETLINK_MALFORMED. */
export function decodeNexthopObject(wire: Wire, at: number, end: number): NexthopObject {
  const body = at + NLMSG_HEADER;
  needLength('nexthop object', end - body, NHMSG);
  const family = familyOfAf(wire.u8[body]!) ?? null;
  let id: number | null = null;
  let linkIndex: number | null = null;
  let gateway: string | null = null;
  let blackhole = false;
  let fdb = false;
  let encapType: number | null = null;
  let group: { id: number; weight: number }[] | null = null;
  let groupType: number | null = null;
  forEachAttribute(wire, body + NHMSG, end, (type, offset, length) => {
    if (type === NHA_ID) id = readU32(wire, offset, length);
    else if (type === NHA_OIF) linkIndex = readU32(wire, offset, length);
    else if (type === NHA_GATEWAY) gateway = ipText(length >= 16 ? 6 : 4, wire.u8, offset);
    else if (type === NHA_BLACKHOLE) blackhole = true;
    else if (type === NHA_FDB) fdb = true;
    else if (type === NHA_ENCAP_TYPE) encapType = wire.u16[offset >> 1]!;
    else if (type === NHA_GROUP_TYPE) groupType = wire.u16[offset >> 1]!;
    else if (type === NHA_GROUP) {
      group = [];
      for (let p = offset; p + NEXTHOP_GRP <= offset + length; p += NEXTHOP_GRP) {
        // Since 6.12 the weight has a high byte, in what was reserved before.
        group.push({ id: wire.u32[p >> 2]!, weight: (wire.u8[p + 4]! | (wire.u8[p + 5]! << 8)) + 1 });
      }
    }
  });
  if (id === null) throw malformed('nexthop object', 'no NHA_ID');
  return {
    id,
    family,
    protocol: wire.u8[body + 2]!,
    scope: wire.u8[body + 1]!,
    flags: wire.u32[(body + 4) >> 2]!,
    linkIndex,
    gateway,
    blackhole,
    fdb,
    encapType,
    group,
    groupType,
  };
}

/** Family header of a dump of all nexthop objects. */
export function nexthopDumpPayload(): Uint8Array {
  return new MessageWriter().header(NHMSG, () => undefined).finish();
}
