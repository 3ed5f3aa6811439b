/** Who manages links and can be asked to let one go. */
export type ManagerName = 'NetworkManager' | 'systemd-networkd';

/** A device as NetworkManager sees it. Numbers are those of its D-Bus API (NMDeviceState, NMDeviceType, NMDeviceStateReason). */
export interface NmDevice {
  readonly name: string;
  readonly managed: boolean;
  /** 10 unmanaged, 20 unavailable, 30 disconnected, 40 to 90 on the way, 100 activated, 110 deactivating, 120 failed. */
  readonly state: number;
  /** Why it is in that state. */
  readonly reason: number;
  /** 1 ethernet, 10 bond, 11 vlan, 13 bridge, 14 generic, 15 team, 16 tun, 20 veth, 29 ovs-interface, … */
  readonly deviceType: number;
  /** The active connection profile; null without one. */
  readonly connection: NmConnection | null;
}

/** The profile that is active on a device. */
export interface NmConnection {
  readonly id: string;
  readonly uuid: string;
  /** `802-3-ethernet`, `bond`, `team`, `vlan`, … */
  readonly type: string;
  /** `ipv4.method`: manual, auto, disabled, …; null where it could not be read. */
  readonly method4: string | null;
  readonly method6: string | null;
  /** NetworkManager made it up for what it found on the device; it has another uuid each time. */
  readonly external: boolean;
}

/** What is known of NetworkManager. */
export interface NetworkManagerFacts {
  /**
   * `running`: it answered on the bus; `absent`: no bus, or nobody has its name there; `silent`: the bus or NetworkManager did not answer in
   * time. Where it is not `running`, the devices come from its state files, as far as these tell.
   */
  readonly state: 'running' | 'absent' | 'silent';
  readonly version: string | null;
  /** The uplink; null where NetworkManager does not know it. */
  readonly uplink: NmDevice | null;
  /** Devices that go up and down with the uplink: its VLANs, its ports, its master, and those that stand on them. */
  readonly relatives: readonly NmDevice[];
  /** How far it has been asked: not to manage the uplink, then to forget what it configured there, too. */
  readonly prepared: Prepared;
}

/** How far a manager is prepared for a migration. */
export type Prepared = 'no' | 'shielded' | 'released';

/** A link as systemd-networkd sees it (`/run/systemd/netif/links/<ifindex>`). */
export interface NetworkdLink {
  /** `configured`, `configuring`, `unmanaged`, `pending`, `initialized`, `failed`, `linger`. */
  readonly setupState: string;
  /** The `.network` file in force; null without one. */
  readonly networkFile: string | null;
  /** Text of that file with its drop-ins; null where it cannot be read. */
  readonly networkText: string | null;
  /** It runs a DHCP client of that family on the link. */
  readonly dhcp4: boolean;
  readonly dhcp6: boolean;
}

/** What is known of systemd-networkd. */
export interface NetworkdFacts {
  readonly state: 'running' | 'absent' | 'silent';
  /** The uplink; null where networkd knows nothing of it. */
  readonly uplink: NetworkdLink | null;
  /** How far files of ours have asked it: to leave the host port alone, then to let the uplink go, too. */
  readonly prepared: Prepared;
}

/** A DHCP client of its own process: `dhclient`, `dhcpcd` or `udhcpc`. */
export interface DhcpClient {
  readonly program: 'dhclient' | 'dhcpcd' | 'udhcpc';
  readonly pid: number;
  readonly argv: readonly string[];
  /** The link that it serves; null where it serves every link. */
  readonly link: string | null;
  readonly family: 4 | 6 | null;
  readonly leaseFile: string | null;
  readonly pidFile: string | null;
  /** systemd unit or the like that would start it again; null where none is known. */
  readonly unit: string | null;
}

/** A configuration on disk that names the uplink and is applied at boot, or by hand. */
export interface LinkConfiguration {
  readonly by: 'ifupdown' | 'netplan' | 'cloud-init' | 'ifcfg' | 'wicked';
  readonly path: string;
  /** What it says of the uplink, in a word: `dhcp`, `static`, `manual`; null where it does not say. */
  readonly method: string | null;
}

/** DNS settings of one link in systemd-resolved. */
export interface LinkDns {
  /** Addresses, with port and name as `resolvectl` writes them: `192.0.2.53`, `192.0.2.53:853#dns.example`. */
  readonly servers: readonly string[];
  /** Search domains; routing-only ones begin with `~`. */
  readonly domains: readonly string[];
  readonly defaultRoute: boolean;
}

/** Who else manages the uplink; plain JSON. Everything is empty where it does not exist here. */
export interface OwnerFacts {
  readonly networkManager: NetworkManagerFacts;
  readonly networkd: NetworkdFacts;
  readonly dhcpClients: readonly DhcpClient[];
  /** pid of the teamd that runs the uplink, or the team that it is a port of; null for none. */
  readonly teamd: number | null;
  readonly configurations: readonly LinkConfiguration[];
  /** Null where systemd-resolved does not run or has nothing for the link. */
  readonly dns: LinkDns | null;
  /** The same of the host port; null while there is none. */
  readonly hostPortDns: LinkDns | null;
  /** Paths of drop-ins for udev that carry our mark. */
  readonly linkPolicies: readonly string[];
  /** How long the reading took, in ms; a bus that hangs shows here. */
  readonly readMs: number;
}

/** A host on which nobody else manages links. */
export const NO_OWNERS: OwnerFacts = {
  networkManager: { state: 'absent', version: null, uplink: null, relatives: [], prepared: 'no' },
  networkd: { state: 'absent', uplink: null, prepared: 'no' },
  dhcpClients: [],
  teamd: null,
  configurations: [],
  dns: null,
  hostPortDns: null,
  linkPolicies: [],
  readMs: 0,
};
