import type { Finding } from '../finding.ts';
import type { KernelState } from '../kernel-state.ts';
import { linkByIndex } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { hasNoCarrier, IFF_LOOPBACK, isEthernet, isUp } from '../link.ts';
import { findInterface, findPort, isMarked, MARK_ID, MARK_ROLE, MARK_UPLINK } from '../ovs-state.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about the uplink itself. */
export const LINK_RULES: readonly UplinkRule[] = [
  checkKind,
  checkCarrier,
  checkMaster,
  checkOvsPort,
  checkBondMode,
  checkMac,
  checkMtu,
  checkQdisc,
];

function checkKind({ uplink }: UplinkContext): readonly Finding[] {
  const { name, mac, kind } = uplink;
  if ((uplink.flags & IFF_LOOPBACK) !== 0) {
    return [
      finding('uplink-loopback', {
        message: `${name} is the loopback link`,
        culprit: name,
        advice: 'name the link that leads to the network',
      }),
    ];
  }
  if (isEthernet(uplink)) return [];
  return [
    finding('uplink-not-ethernet', {
      message: `${name}${kind === null ? '' : ` (${kind})`} has ${mac === null ? 'no hardware address' : `the hardware address ${mac}`}: a bridge carries Ethernet only`,
      culprit: name,
      advice: 'name an Ethernet link',
    }),
  ];
}

function checkCarrier({ uplink }: UplinkContext): readonly Finding[] {
  const { name } = uplink;
  if (!isUp(uplink)) {
    return [
      finding('uplink-down', {
        message: `${name} is administratively down`,
        culprit: name,
        advice: `bring it up first: "ip link set ${name} up"`,
      }),
    ];
  }
  if (!hasNoCarrier(uplink)) return [];
  return [
    finding('uplink-no-carrier', {
      message: `${name} has no carrier (state ${uplink.operState}): nothing can be compared before and after`,
      culprit: name,
      advice: 'look at the cable, the switch port or the other end',
    }),
  ];
}

function masterKind(kernel: KernelState, { master, slaveKind }: Link): string | null {
  return (master === null ? undefined : linkByIndex(kernel, master)?.kind) ?? slaveKind;
}

function checkMaster({ uplink, kernel }: UplinkContext): readonly Finding[] {
  const { name, master } = uplink;
  if (master === null) return [];
  const link = linkByIndex(kernel, master);
  const masterName = link?.name ?? `the link with index ${master}`;
  const kind = masterKind(kernel, uplink);
  if (kind === 'openvswitch') return []; // checkOvsPort
  if (kind === 'vrf') {
    return [
      finding('uplink-in-vrf', {
        message: `${name} belongs to the VRF ${masterName}: its routes are in the VRF's table, and a port of a bridge cannot be in it`,
        culprit: masterName,
        advice: `take it out first: "ip link set ${name} nomaster"`,
      }),
    ];
  }
  return [
    finding('uplink-enslaved', {
      message: `${name} is a port of ${masterName}${kind === null ? '' : ` (${kind})`}`,
      culprit: masterName,
      advice:
        kind === 'bond' || kind === 'team'
          ? `migrate ${masterName} instead`
          : `take it out first: "ip link set ${name} nomaster"`,
    }),
  ];
}

function checkOvsPort({ uplink, kernel, ovs, ownJournal }: UplinkContext): readonly Finding[] {
  const { name } = uplink;
  // An ifindex alone proves nothing: OVS may run in another namespace. That the kernel's datapath holds the link does.
  const inDatapath = uplink.master !== null && masterKind(kernel, uplink) === 'openvswitch';
  const row =
    ovs === undefined
      ? undefined
      : (findInterface(ovs, name) ??
        (inDatapath ? ovs.interfaces.find(one => one.ifindex === uplink.index) : undefined));
  if (ovs !== undefined && row !== undefined) {
    const port = ovs.ports.find(one => one.interfaces.includes(row.uuid));
    const bridge = (port && findPort(ovs, port.name)?.bridge.name) ?? 'no bridge';
    const marked = port !== undefined && isMarked(port) ? port : isMarked(row) ? row : undefined;
    const role = marked?.externalIds[MARK_ROLE] === 'host-port' || row.type === 'internal' ? 'internal port' : 'port';
    if (marked === undefined) {
      return [
        finding('uplink-is-ovs-port', {
          message: `${name} is already ${role === 'port' ? 'a' : 'an'} ${role} of the bridge ${bridge}, which ovs-uplink did not make`,
          culprit: bridge,
          advice: `whoever made it must let go: "ovs-vsctl del-port ${port?.name ?? name}", with care for the addresses`,
        }),
      ];
    }
    const of = `the migration of ${marked.externalIds[MARK_UPLINK] ?? name} (${marked.externalIds[MARK_ID] ?? 'no id'})`;
    return [
      finding('uplink-is-ovs-port', {
        message: `${name} is already ${role === 'port' ? 'a' : 'an'} ${role} of the bridge ${bridge}, made by ${of}`,
        culprit: bridge,
        advice: ownJournal
          ? 'look at "ovs-uplink status"; undo with "ovs-uplink restore", or finish with "ovs-uplink recover"'
          : 'there is no journal of it here: give the right --state-dir',
      }),
    ];
  }
  const master = uplink.master === null ? undefined : linkByIndex(kernel, uplink.master);
  if (!inDatapath && uplink.kind !== 'openvswitch') return [];
  return [
    finding('uplink-is-ovs-port', {
      message: `${name} is ${inDatapath ? `a port of the kernel datapath ${master?.name ?? uplink.master}` : 'an internal port of Open vSwitch'}, but ${ovs === undefined ? 'its database does not answer' : 'not in its database'}`,
      culprit: master?.name ?? name,
      advice: 'start ovs-vswitchd, which removes what is left over',
    }),
  ];
}

/** balance-alb: the bond answers ARP with the addresses of its slaves, which a bridge above it cannot follow. */
const BALANCE_ALB = 6;

function checkBondMode({ uplink, facts }: UplinkContext): readonly Finding[] {
  if (facts.bondMode !== BALANCE_ALB) return [];
  return [
    finding('bond-mode-alb', {
      message: `the bond ${uplink.name} is in mode balance-alb (6), which rewrites hardware addresses under the bridge`,
      culprit: uplink.name,
      advice: 'take another mode: active-backup (1) or 802.3ad (4)',
    }),
  ];
}

function checkMac({ uplink, names }: UplinkContext): readonly Finding[] {
  if (uplink.mac === null || names.hostPort === null) return [];
  const first = Number.parseInt(uplink.mac.slice(0, 2), 16);
  if ((first & 0x03) !== 0x02) return [];
  return [
    finding('mac-locally-administered', {
      message: `${uplink.name} has the locally administered address ${uplink.mac}, which OVS never chooses for a bridge by itself`,
      culprit: uplink.name,
      advice: 'nothing to do: it is set explicitly',
    }),
  ];
}

const IPV6_MIN_MTU = 1280;

function checkMtu({ uplink, kernel }: UplinkContext): readonly Finding[] {
  const hasIpv6 = kernel.addresses.some(a => a.linkIndex === uplink.index && a.family === 6);
  if (uplink.mtu >= IPV6_MIN_MTU || !hasIpv6) return [];
  return [
    finding('mtu-below-ipv6', {
      message: `${uplink.name} has MTU ${uplink.mtu} and IPv6 addresses: the kernel takes all IPv6 from a host port with less than ${IPV6_MIN_MTU}`,
      culprit: uplink.name,
      advice: `raise the MTU to ${IPV6_MIN_MTU} or more`,
    }),
  ];
}

/** What the kernel gives a link by itself, with any usual net.core.default_qdisc. */
const DEFAULT_QDISCS = ['noqueue', 'mq', 'fq_codel', 'pfifo_fast', 'fq', 'pfifo', 'noop'];

function checkQdisc({ uplink }: UplinkContext): readonly Finding[] {
  const { name, qdisc } = uplink;
  if (qdisc === null || DEFAULT_QDISCS.includes(qdisc)) return [];
  return [
    finding('qdisc-not-moved', {
      message: `${name} has the queueing discipline ${qdisc}: it stays on ${name}, the host port gets the default one`,
      culprit: name,
      advice: 'look at "tc filter show" for filters that must be on the host port in future',
    }),
  ];
}
