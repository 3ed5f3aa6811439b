/** A network link as rtnetlink shows it (RTM_NEWLINK); plain JSON. */
export interface Link {
  /** Interface index; the only stable name of a link within a namespace. */
  readonly index: number;
  /** IFLA_IFNAME, at most 15 characters. */
  readonly name: string;
  /** IFLA_PROP_LIST/IFLA_ALT_IFNAME in the kernel's order. */
  readonly altnames: readonly string[];
  /** IFLA_INFO_KIND (`veth`, `tun`, `openvswitch`, `bond`, …); null for hardware without one. */
  readonly kind: string | null;
  /** IFLA_INFO_SLAVE_KIND: what the master is (`bond`, `bridge`, `openvswitch`, …). */
  readonly slaveKind: string | null;
  /** IFF_* bits as in `ifi_flags`. */
  readonly flags: number;
  /** RFC 2863 state, IFLA_OPERSTATE. */
  readonly operState: OperState;
  /** IFLA_CARRIER; null where the kernel does not say. */
  readonly carrier: boolean | null;
  readonly mtu: number;
  readonly minMtu: number | null;
  readonly maxMtu: number | null;
  /** IFLA_ADDRESS as lower-case hex with colons; null for links without one. */
  readonly mac: string | null;
  /** IFLA_PERM_ADDRESS; null where the driver has none (veth, tun). */
  readonly permanentMac: string | null;
  /** ifindex of the master (bridge, bond, ovs-system), IFLA_MASTER. */
  readonly master: number | null;
  /** ifindex of the lower link or of the veth peer, IFLA_LINK. */
  readonly lower: number | null;
  /** Namespace id of {@link lower} where it is in another namespace, IFLA_LINK_NETNSID. */
  readonly lowerNetnsId: number | null;
  readonly alias: string | null;
  readonly group: number;
  readonly txQueueLength: number;
  readonly qdisc: string | null;
  readonly promiscuity: number;
  /** IFLA_PARENT_DEV_NAME and IFLA_PARENT_DEV_BUS_NAME: `0000:00:04.0` on `pci`. */
  readonly parentDevice: string | null;
  readonly parentBus: string | null;
  /** IFLA_AF_SPEC/AF_INET6/IFLA_INET6_ADDR_GEN_MODE; null where the link has no IPv6. */
  readonly ipv6AddrGenMode: number | null;
}

export type OperState = 'unknown' | 'notpresent' | 'down' | 'lowerlayerdown' | 'testing' | 'dormant' | 'up';

/** IFF_UP */
export const IFF_UP = 0x1;
/** IFF_PROMISC, as a program asked for it; {@link Link.promiscuity} counts who did. */
export const IFF_PROMISC = 0x100;
/** IFF_LOOPBACK */
export const IFF_LOOPBACK = 0x8;
/** IFF_LOWER_UP */
export const IFF_LOWER_UP = 0x10000;
/** The longest name that the kernel takes (IFNAMSIZ less the terminator). */
export const MAX_LINK_NAME_LENGTH = 15;

/** True when the link is administratively up. */
export function isUp(link: Pick<Link, 'flags'>): boolean {
  return (link.flags & IFF_UP) !== 0;
}

/** True when the kernel says that nothing is at the other end. */
export function hasNoCarrier({ carrier, operState }: Pick<Link, 'carrier' | 'operState'>): boolean {
  if (carrier !== null) return !carrier;
  return operState === 'down' || operState === 'lowerlayerdown' || operState === 'notpresent';
}

/** True for a hardware address of six octets: not IP tunnels (an IPv4 address), not InfiniBand (twenty), not tun or WireGuard (none). */
export function isEthernet({ mac }: Pick<Link, 'mac'>): boolean {
  return mac !== null && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac);
}

/** True when `name` is the link's name or one of its altnames; the kernel looks both up alike. */
export function answersTo(link: Pick<Link, 'name' | 'altnames'>, name: string): boolean {
  return link.name === name || link.altnames.includes(name);
}

/** True when `link` is made on top of `lower` (VLAN, macvlan, …) in the same namespace; the other end of a veth is not. */
export function standsOn(link: Pick<Link, 'lower' | 'lowerNetnsId' | 'kind'>, lower: Pick<Link, 'index'>): boolean {
  return link.lower === lower.index && link.lowerNetnsId === null && link.kind !== 'veth';
}
