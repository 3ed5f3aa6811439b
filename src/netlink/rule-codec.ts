import type { Rule } from '../domain/rule.ts';
import { ipText, prefixBytes } from './ip-text.ts';
import { MessageWriter } from './message-writer.ts';
import { change, type NetlinkRequest } from './request.ts';
import { afOf, familyOfAf, RTM_DELRULE, RTM_NEWRULE } from './rtnetlink.ts';
import {
  forEachAttribute,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLMSG_HEADER,
  needLength,
  readString,
  readU8,
  readU32,
  type Wire,
} from './wire.ts';

const FIB_RULE_HDR = 12;
const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_GOTO = 4;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_SUPPRESS_IFGROUP = 13;
const FRA_SUPPRESS_PREFIXLEN = 14;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_OIFNAME = 17;
const FRA_L3MDEV = 19;
const FRA_UID_RANGE = 20;
const FRA_PROTOCOL = 21;
const FRA_IP_PROTO = 22;
const FRA_SPORT_RANGE = 23;
const FRA_DPORT_RANGE = 24;

const RT_TABLE_COMPAT = 252;
const NOT_SET = 0xffffffff;
/** FIB_RULE_INVERT and FIB_RULE_FIND_SADDR; the other bits say what the kernel found. */
const SETTABLE_FLAGS = 0x2 | 0x10000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Range = { readonly start: number; readonly end: number };

/** Decodes RTM_NEWRULE or RTM_DELRULE; undefined for the families of multicast routing. Throws NETLINK_MALFORMED. */
export function decodeRule(wire: Wire, at: number, end: number): Rule | undefined {
  const body = at + NLMSG_HEADER;
  needLength('rule', end - body, FIB_RULE_HDR);
  const family = familyOfAf(wire.u8[body]!);
  if (family === undefined) return undefined;
  const ip = (offset: number, length: number, prefixLength: number) => {
    needLength('rule prefix', length, family === 4 ? 4 : 16);
    return `${ipText(family, wire.u8, offset)}/${prefixLength}`;
  };
  const any = (prefixLength: number) =>
    prefixLength === 0 ? null : `${family === 4 ? '0.0.0.0' : '::'}/${prefixLength}`;
  const rule: Mutable<Rule> = {
    family,
    priority: 0,
    action: wire.u8[body + 7]!,
    table: wire.u8[body + 4]!,
    from: any(wire.u8[body + 2]!),
    to: any(wire.u8[body + 1]!),
    tos: wire.u8[body + 3]!,
    iif: null,
    oif: null,
    fwmark: null,
    fwmask: null,
    goto: null,
    suppressPrefixLength: null,
    suppressGroup: null,
    l3mdev: false,
    uidRange: null,
    ipProtocol: null,
    sourcePorts: null,
    destinationPorts: null,
    protocol: null,
    flags: wire.u32[(body + 8) >> 2]!,
  };
  forEachAttribute(wire, body + FIB_RULE_HDR, end, (type, offset, length) => {
    switch (type) {
      case FRA_DST:
        rule.to = ip(offset, length, wire.u8[body + 1]!);
        break;
      case FRA_SRC:
        rule.from = ip(offset, length, wire.u8[body + 2]!);
        break;
      case FRA_IIFNAME:
        rule.iif = readString(wire, offset, length);
        break;
      case FRA_OIFNAME:
        rule.oif = readString(wire, offset, length);
        break;
      case FRA_GOTO:
        rule.goto = readU32(wire, offset, length);
        break;
      case FRA_PRIORITY:
        rule.priority = readU32(wire, offset, length);
        break;
      case FRA_FWMARK:
        rule.fwmark = readU32(wire, offset, length);
        break;
      case FRA_FWMASK:
        rule.fwmask = readU32(wire, offset, length);
        break;
      case FRA_SUPPRESS_IFGROUP:
        rule.suppressGroup = unlessUnset(readU32(wire, offset, length));
        break;
      case FRA_SUPPRESS_PREFIXLEN:
        rule.suppressPrefixLength = unlessUnset(readU32(wire, offset, length));
        break;
      case FRA_TABLE:
        rule.table = readU32(wire, offset, length);
        break;
      case FRA_L3MDEV:
        rule.l3mdev = readU8(wire, offset, length) !== 0;
        break;
      case FRA_UID_RANGE:
        rule.uidRange = { start: readU32(wire, offset, length), end: readU32(wire, offset + 4, length - 4) };
        break;
      case FRA_PROTOCOL:
        rule.protocol = readU8(wire, offset, length);
        break;
      case FRA_IP_PROTO:
        rule.ipProtocol = readU8(wire, offset, length);
        break;
      case FRA_SPORT_RANGE:
        rule.sourcePorts = ports(wire, offset, length);
        break;
      case FRA_DPORT_RANGE:
        rule.destinationPorts = ports(wire, offset, length);
        break;
    }
  });
  return rule;
}

function unlessUnset(value: number): number | null {
  return value === NOT_SET ? null : value;
}

function ports(wire: Wire, offset: number, length: number): Range {
  needLength('port range', length, 4);
  return { start: wire.u16[offset >> 1]!, end: wire.u16[(offset >> 1) + 1]! };
}

function writeRule(rule: Rule): Uint8Array {
  const to = rule.to === null ? null : prefixBytes(rule.to, rule.family);
  const from = rule.from === null ? null : prefixBytes(rule.from, rule.family);
  const writer = new MessageWriter().header(FIB_RULE_HDR, (view, at, le) => {
    view.setUint8(at, afOf(rule.family));
    view.setUint8(at + 1, to?.length ?? 0);
    view.setUint8(at + 2, from?.length ?? 0);
    view.setUint8(at + 3, rule.tos);
    view.setUint8(at + 4, rule.table < 256 ? rule.table : RT_TABLE_COMPAT);
    view.setUint8(at + 7, rule.action);
    view.setUint32(at + 8, rule.flags & SETTABLE_FLAGS, le);
  });
  // Always said, also when 0: without it the kernel picks a priority, or deletes another rule.
  writer.u32(FRA_PRIORITY, rule.priority);
  if (to !== null && to.length > 0) writer.bytes(FRA_DST, to.bytes);
  if (from !== null && from.length > 0) writer.bytes(FRA_SRC, from.bytes);
  if (rule.table !== 0) writer.u32(FRA_TABLE, rule.table);
  if (rule.iif !== null) writer.string(FRA_IIFNAME, rule.iif);
  if (rule.oif !== null) writer.string(FRA_OIFNAME, rule.oif);
  if (rule.fwmark !== null) writer.u32(FRA_FWMARK, rule.fwmark);
  if (rule.fwmask !== null) writer.u32(FRA_FWMASK, rule.fwmask);
  if (rule.goto !== null) writer.u32(FRA_GOTO, rule.goto);
  if (rule.suppressPrefixLength !== null) writer.u32(FRA_SUPPRESS_PREFIXLEN, rule.suppressPrefixLength);
  if (rule.suppressGroup !== null) writer.u32(FRA_SUPPRESS_IFGROUP, rule.suppressGroup);
  if (rule.l3mdev) writer.u8(FRA_L3MDEV, 1);
  if (rule.uidRange !== null)
    writer.bytes(FRA_UID_RANGE, new Uint8Array(new Uint32Array([rule.uidRange.start, rule.uidRange.end]).buffer));
  if (rule.protocol !== null) writer.u8(FRA_PROTOCOL, rule.protocol);
  if (rule.ipProtocol !== null) writer.u8(FRA_IP_PROTO, rule.ipProtocol);
  if (rule.sourcePorts !== null) writer.bytes(FRA_SPORT_RANGE, portBytes(rule.sourcePorts));
  if (rule.destinationPorts !== null) writer.bytes(FRA_DPORT_RANGE, portBytes(rule.destinationPorts));
  return writer.finish();
}

function portBytes(range: Range): Uint8Array {
  return new Uint8Array(new Uint16Array([range.start, range.end]).buffer);
}

function nameOf(rule: Rule): string {
  return `IPv${rule.family} rule ${rule.priority} from ${rule.from ?? 'all'}`;
}

/** Builds the request of `addRule`; an equal rule is refused with EEXIST. */
export function addRuleRequest(rule: Rule): NetlinkRequest {
  return change('cannot add rule', nameOf(rule), RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, writeRule(rule));
}

/** Builds the request of `removeRule`: the first rule in which everything is the same. */
export function removeRuleRequest(rule: Rule): NetlinkRequest {
  return change('cannot remove rule', nameOf(rule), RTM_DELRULE, 0, writeRule(rule));
}

/** Family header of a rule dump. */
export function ruleDumpPayload(family: 4 | 6): Uint8Array {
  return new MessageWriter().header(FIB_RULE_HDR, (view, at) => view.setUint8(at, afOf(family))).finish();
}
