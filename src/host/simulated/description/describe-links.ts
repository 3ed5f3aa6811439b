import type { Link } from '../../../domain/link.ts';
import { LOOPBACK } from '../kernel/plain-link.ts';
import type { HostDocument, LinkDocument } from './host-schema.ts';

const IFF_BROADCAST = 0x2;
const IFF_NOARP = 0x80;
const IFF_PROMISC = 0x100;
const IFF_MASTER = 0x400;
/** IFF_SLAVE: a member of a bond, which has no IPv6 of its own. */
export const IFF_SLAVE = 0x800;
const IFF_MULTICAST = 0x1000;
/** IN6_ADDR_GEN_MODE_NONE */
const ADDR_GEN_NONE = 1;
const LO = 1;
/** Largest MTU of a tap, as `ip -d link` shows it. */
const TAP_MAX_MTU = 65521;
const VIRTUAL_MAX_MTU = 65535;
const NIC_MAX_MTU = 9000;

/** A link that is to be, and whether it is to be up. */
export interface PlannedLink {
  /** Down; with its index, name and master. */
  readonly link: Link;
  readonly up: boolean;
  readonly document: LinkDocument | undefined;
}

/** All links of a description, also those that Open vSwitch makes for its bridges, in the order of their indices. */
export function planLinks(host: HostDocument): readonly PlannedLink[] {
  const bridges = host.ovs.bridges;
  const types = [...new Set(bridges.map(bridge => bridge.datapath))];
  // ovs-netdev and ovs-system: the local port of the datapath itself.
  const made = [
    ...types.map(type => ({ name: `ovs-${type}`, up: false, datapath: type, mac: undefined })),
    ...bridges.flatMap(bridge => [
      { name: bridge.name, up: bridge.up, datapath: bridge.datapath, mac: bridge.mac },
      ...bridge.ports
        .filter(port => port.type === 'internal')
        .map(port => ({ name: port.name, up: false, datapath: bridge.datapath, mac: undefined })),
    ]),
  ].filter(one => !host.links.some(link => link.name === one.name));

  const taken = new Set(host.links.map(link => link.index));
  let next = LO + 1;
  const pick = (): number => {
    while (taken.has(next)) next += 1;
    taken.add(next);
    return next;
  };
  const indices = new Map<string, number>([['lo', LO]]);
  for (const link of host.links) indices.set(link.name, link.index ?? pick());
  for (const one of made) indices.set(one.name, pick());

  const planned: PlannedLink[] = [
    { link: LOOPBACK, up: true, document: undefined },
    ...host.links.map(document => ({ link: describedLink(document, host, indices), up: document.up, document })),
    ...made.map(one => ({
      link: madeByOvs(one.name, indices.get(one.name) ?? 0, one.datapath, one.mac),
      up: one.up,
      document: undefined,
    })),
  ];
  return planned.toSorted((a, b) => a.link.index - b.link.index);
}

/** A MAC of an organisation (Xen's), so that no rule about local ones applies. */
function macOf(index: number): string {
  const byte = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');
  return `00:16:3e:00:${byte(index >> 8)}:${byte(index)}`;
}

function describedLink(document: LinkDocument, host: HostDocument, indices: ReadonlyMap<string, number>): Link {
  const index = indices.get(document.name) ?? 0;
  const kind = document.kind ?? null;
  const isHardware = kind === null;
  const mac = document.mac ?? macOf(index);
  const portOf = host.ovs.bridges.find(bridge => bridge.ports.some(port => port.name === document.name));
  const inDatapath = portOf !== undefined;
  const masterName = document.master ?? (portOf?.datapath === 'system' ? 'ovs-system' : undefined);
  const masterKind = portOf === undefined ? host.links.find(link => link.name === masterName)?.kind : 'openvswitch';
  const isSlave = masterKind === 'bond' || masterKind === 'team';
  return {
    ...LOOPBACK,
    index,
    name: document.name,
    altnames: document.altnames,
    kind,
    slaveKind: masterName === undefined ? null : (masterKind ?? null),
    flags:
      (kind === 'dummy' ? IFF_BROADCAST | IFF_NOARP : IFF_BROADCAST | IFF_MULTICAST) |
      (kind === 'bond' ? IFF_MASTER : 0) |
      (isSlave && masterKind === 'bond' ? IFF_SLAVE : 0) |
      (inDatapath ? IFF_PROMISC : 0),
    carrier: document.carrier,
    mtu: document.mtu ?? 1500,
    minMtu: document.minMtu ?? (kind === 'dummy' ? 0 : 68),
    maxMtu: document.maxMtu ?? maxMtuOf(kind),
    mac,
    permanentMac: document.permanentMac ?? (isHardware ? mac : null),
    master: masterName === undefined ? null : (indices.get(masterName) ?? null),
    lower: document.on === undefined ? peerOf(kind, index) : (indices.get(document.on) ?? null),
    lowerNetnsId: document.on === undefined && kind === 'veth' ? 0 : null,
    alias: document.alias ?? null,
    group: document.group,
    txQueueLength: document.txQueueLength,
    qdisc: document.qdisc ?? (isHardware ? 'fq_codel' : kind === 'tun' ? 'fq_codel' : 'noqueue'),
    promiscuity: inDatapath ? 1 : 0,
    parentDevice: document.parentDevice ?? (isHardware ? `0000:00:${index.toString(16).padStart(2, '0')}.0` : null),
    parentBus: document.parentBus ?? (isHardware ? 'pci' : null),
    ipv6AddrGenMode: document.addrGenMode === 'none' ? ADDR_GEN_NONE : 0,
  };
}

function maxMtuOf(kind: string | null): number {
  if (kind === null) return NIC_MAX_MTU;
  return kind === 'tun' ? TAP_MAX_MTU : VIRTUAL_MAX_MTU;
}

/** The other end of a veth, in another namespace. */
function peerOf(kind: string | null, index: number): number | null {
  return kind === 'veth' ? index + 10 : null;
}

function madeByOvs(name: string, index: number, datapath: 'netdev' | 'system', mac: string | undefined): Link {
  const isTap = datapath === 'netdev';
  const isDatapath = name === `ovs-${datapath}`;
  // A tap is a port of its userspace datapath and so promiscuous; a vport of the kernel datapath is not.
  const flags = IFF_BROADCAST | IFF_MULTICAST | (isTap ? IFF_PROMISC : 0);
  return {
    ...LOOPBACK,
    index,
    name,
    kind: isTap ? 'tun' : 'openvswitch',
    slaveKind: null,
    flags,
    mtu: 1500,
    minMtu: 68,
    maxMtu: isTap ? TAP_MAX_MTU : VIRTUAL_MAX_MTU,
    mac: mac ?? macOf(index),
    qdisc: isTap || isDatapath ? 'noop' : 'noqueue',
    promiscuity: isTap ? 1 : 0,
  };
}
