import type { Finding } from '../finding.ts';

/** What one finding code means; plain data, for the README and `ovs-uplink doctor`. */
export interface FindingMeaning {
  readonly severity: Finding['severity'];
  /** One line, without a full stop. */
  readonly meaning: string;
  /** Number in `facts/peers.md` §7. */
  readonly fact?: string;
  /** False for a blocking finding that nobody can take upon themselves, because the migration cannot even begin. */
  readonly acceptable?: false;
}

/** Every code that a pre-check or `doctor` can give. Codes are public: none is ever reused with another meaning. */
export const FINDING_CODES = {
  // The request and its names.
  'accept-unknown': { severity: 'warning', meaning: 'a code given to --accept does not exist' },
  'name-too-long': {
    severity: 'blocking',
    meaning: 'a name that the layout needs has more than 15 bytes',
    fact: 'F-08',
    acceptable: false,
  },
  'name-invalid': {
    severity: 'blocking',
    meaning: 'the kernel does not take a name that the layout needs',
    acceptable: false,
  },
  'names-collide': {
    severity: 'blocking',
    meaning: 'two parts of the layout would have the same name',
    acceptable: false,
  },
  'name-taken': { severity: 'blocking', meaning: 'another link has a needed name, or has it as altname', fact: 'F-05' },
  'name-is-uplink-altname': {
    severity: 'blocking',
    meaning: 'a needed name is an altname of the uplink itself',
    fact: 'F-06',
  },
  'ovs-name-taken': { severity: 'blocking', meaning: 'Open vSwitch has a port or interface with a needed name' },
  'rename-takes-uppers-down': {
    severity: 'blocking',
    meaning: 'this kernel takes the uplink down to rename it, and with it the links on top of it',
    fact: 'F-10',
  },
  'rename-needs-link-down': {
    severity: 'info',
    meaning: 'this kernel probably cannot rename a link that is up',
    fact: 'F-10',
  },

  // Bonds of Open vSwitch.
  'bond-member-unfit': {
    severity: 'blocking',
    meaning: 'a link cannot be a member of the bond: it is not there, down, in use or has addresses',
    acceptable: false,
  },
  'bond-member-managed': {
    severity: 'blocking',
    meaning: 'somebody else configures a link that is to be a member of the bond',
    fact: 'F-75',
  },
  'bond-member-no-carrier': { severity: 'warning', meaning: 'a member of the bond has no carrier' },
  'bond-needs-lacp': { severity: 'warning', meaning: 'balance-tcp carries traffic over one member alone without LACP' },

  // VLANs of the ports.
  'vlan-settings-invalid': {
    severity: 'blocking',
    meaning: 'the VLAN settings of the ports contradict each other, or are none',
    acceptable: false,
  },
  'vlan-cuts-off-host': {
    severity: 'blocking',
    meaning: 'the port of the uplink does not let the VLAN of the host port through',
  },
  'vlan-host-tagged': {
    severity: 'warning',
    meaning: 'what the host sends would leave with a VLAN tag, where it has none today',
  },
  'vlan-on-wire': { severity: 'info', meaning: 'what the uplink carries with and without a VLAN tag' },

  // The uplink itself.
  'uplink-missing': {
    severity: 'blocking',
    meaning: 'there is no link with the name of the uplink',
    acceptable: false,
  },
  'uplink-loopback': { severity: 'blocking', meaning: 'the uplink is the loopback link', acceptable: false },
  'uplink-not-ethernet': {
    severity: 'blocking',
    meaning: 'the uplink has no Ethernet address, so that no bridge can carry it',
    acceptable: false,
  },
  'uplink-down': { severity: 'blocking', meaning: 'the uplink is administratively down' },
  'uplink-no-carrier': { severity: 'blocking', meaning: 'the uplink has no carrier: no probe can pass' },
  'uplink-enslaved': { severity: 'blocking', meaning: 'the uplink is a port of a bond, team or bridge', fact: 'F-37' },
  'uplink-in-vrf': { severity: 'blocking', meaning: 'the uplink belongs to a VRF' },
  'uplink-is-ovs-port': { severity: 'blocking', meaning: 'the uplink is already a port of Open vSwitch', fact: 'F-39' },
  'uplink-has-rx-handler': {
    severity: 'blocking',
    meaning: 'a macvlan, ipvlan or macsec link on the uplink holds its receive handler',
    fact: 'F-37',
  },
  'uplink-has-vlan': {
    severity: 'warning',
    meaning: 'a VLAN link on the uplink keeps its tagged frames away from the bridge',
    fact: 'F-100',
  },
  'vlan-would-be-muted': {
    severity: 'blocking',
    meaning: 'with the netdev datapath the VLAN links on the uplink would receive nothing any more',
    fact: 'F-100',
  },
  'uplink-has-tunnel': { severity: 'warning', meaning: 'a tunnel is bound to the uplink' },
  'bond-mode-alb': {
    severity: 'blocking',
    meaning: 'the uplink is a bond in mode balance-alb, which rewrites addresses',
    fact: 'F-99',
  },
  'mac-locally-administered': {
    severity: 'info',
    meaning: 'the uplink has a locally administered address, which OVS would not choose by itself',
    fact: 'F-35',
  },
  'mtu-below-ipv6': { severity: 'warning', meaning: 'an MTU below 1280 takes all IPv6 from a link', fact: 'F-59' },
  'qdisc-not-moved': { severity: 'warning', meaning: 'a queueing discipline of the uplink is not moved' },

  // Addresses, routes, rules.
  'attach-only-has-addresses': {
    severity: 'blocking',
    meaning: 'layout attach-only would cut off the addresses of the uplink',
  },
  'attach-only-has-routes': { severity: 'warning', meaning: 'layout attach-only would cut off routes of the uplink' },
  'uplink-without-addresses': { severity: 'warning', meaning: 'the uplink has no address to move' },
  'address-lease': {
    severity: 'warning',
    meaning: 'an address has a limited lifetime, and nobody renews it on the host port',
    fact: 'F-52',
  },
  'address-slaac': {
    severity: 'warning',
    meaning: 'an address comes from router advertisements, which the host port must take in future',
    fact: 'F-90',
  },
  'address-not-usable': { severity: 'warning', meaning: 'an IPv6 address is tentative or a duplicate', fact: 'F-58' },
  'host-port-has-addresses': {
    severity: 'warning',
    meaning: 'the local port of the existing bridge has addresses already',
  },
  'route-nexthop-object': { severity: 'blocking', meaning: 'a route of the uplink uses a nexthop object' },
  'route-lwtunnel': { severity: 'blocking', meaning: 'a route of the uplink has a lightweight tunnel encapsulation' },
  'route-from-ra': {
    severity: 'warning',
    meaning: 'a route comes from router advertisements and expires',
    fact: 'F-90',
  },
  'rule-names-uplink': {
    severity: 'warning',
    meaning: 'a policy rule names the uplink and would not match the traffic of the host port',
    fact: 'F-19',
  },
  'rule-reattaches': {
    severity: 'info',
    meaning: 'a policy rule names the uplink; it is detached until the host port has the name',
    fact: 'F-19',
  },
  'rule-names-host-port': {
    severity: 'warning',
    meaning: 'a policy rule that matches nothing now would match the host port',
    fact: 'F-19',
  },

  // Who else manages the uplink.
  'owner-silent': {
    severity: 'warning',
    meaning: 'the bus, NetworkManager or systemd-networkd does not answer: only files tell who manages the uplink',
    fact: 'F-81',
  },
  'nm-keeps-link': {
    severity: 'blocking',
    meaning: 'NetworkManager would set a team, a bond or VLANs down if it were asked to let the uplink go',
    fact: 'F-77',
  },
  'nm-manages-uplink': {
    severity: 'info',
    meaning: 'NetworkManager manages the uplink: it lets it go for the time being',
    fact: 'F-75',
  },
  'nm-dhcp': {
    severity: 'blocking',
    meaning: 'NetworkManager fetches the address of the uplink, and cannot renew it on the host port',
    fact: 'F-80',
  },
  'networkd-manages-uplink': {
    severity: 'info',
    meaning: 'systemd-networkd manages the uplink: it lets it go for the time being',
  },
  'networkd-drops-on-rename': {
    severity: 'blocking',
    meaning: 'this kernel takes the uplink down to rename it, and systemd-networkd deletes its addresses then',
    fact: 'F-10',
  },
  'networkd-dhcp': {
    severity: 'blocking',
    meaning: 'systemd-networkd fetches the address of the uplink, and cannot be told to go on with the host port',
    fact: 'F-52',
  },
  'dhcp-client-follows': {
    severity: 'info',
    meaning: 'a DHCP client of the uplink goes on with the host port and the same lease',
    fact: 'F-60',
  },
  'dhcp-client-not-handed-over': {
    severity: 'blocking',
    meaning: 'a DHCP client of the uplink cannot be handed over to the host port',
    fact: 'F-60',
  },
  'teamd-port': { severity: 'blocking', meaning: 'teamd runs the team that the uplink is a port of', fact: 'F-77' },
  'teamd-runs-uplink': { severity: 'info', meaning: 'the uplink is a team that teamd runs', fact: 'F-77' },
  'configuration-names-uplink': {
    severity: 'info',
    meaning: 'a configuration on disk names the uplink, and touches it when it is applied',
    fact: 'F-92',
  },

  // Whether the uplink may be moved, and what the host loses with it.
  'link-protected': {
    severity: 'blocking',
    meaning: 'the uplink is among the links of links.protect',
    acceptable: false,
  },
  'link-not-allowed': {
    severity: 'blocking',
    meaning: 'the uplink is not among the links of links.allow',
    acceptable: false,
  },
  'uplink-carries-api-server': {
    severity: 'warning',
    meaning: 'the way to the API server goes over the uplink',
    fact: 'F-30',
  },
  'uplink-carries-default-route': {
    severity: 'info',
    meaning: 'the default route goes over the uplink: the host itself needs it',
    fact: 'F-30',
  },
  'primary-uplink-unprotected': {
    severity: 'blocking',
    meaning: 'the host itself needs the uplink, and nothing would notice or take the way back',
    fact: 'F-30',
  },

  // udev.
  'link-file-matches-host-port': {
    severity: 'warning',
    meaning: 'a udev .link file that matches by address applies to the host port too',
    fact: 'F-14',
  },
  'link-file-renames-host-port': {
    severity: 'blocking',
    meaning: 'a udev .link file would rename the host port',
    fact: 'F-14',
  },
  'udev-returns-altname': {
    severity: 'info',
    meaning: 'udev may give the uplink its old name back as altname; the altname guard removes it',
    fact: 'F-01',
  },

  // Open vSwitch.
  'ovsdb-unreachable': {
    severity: 'blocking',
    meaning: 'the Open vSwitch database does not answer',
    acceptable: false,
  },
  'ovs-not-initialised': {
    severity: 'blocking',
    meaning: 'the Open vSwitch database has no Open_vSwitch row',
    acceptable: false,
  },
  'ovs-behind': { severity: 'info', meaning: 'ovs-vswitchd has not yet applied its configuration', fact: 'F-28' },
  'flow-restore-wait': {
    severity: 'info',
    meaning: 'ovs-vswitchd forwards nothing until flow-restore-wait is cleared; the gate waits for it',
    fact: 'F-30',
  },
  'datapath-not-offered': { severity: 'blocking', meaning: 'ovs-vswitchd does not offer the datapath type' },
  'ingress-mute-missing': {
    severity: 'blocking',
    meaning: 'with the netdev datapath the kernel must stop answering on the uplink, but cannot be made to',
    fact: 'F-48',
  },
  'bridge-not-ours': {
    severity: 'blocking',
    meaning: 'the bridge exists and was not made by ovs-uplink',
    fact: 'F-40',
  },
  'bridge-local-port-foreign': {
    severity: 'blocking',
    meaning: 'the layout would use the local port of a bridge that is not ours',
  },
  'bridge-of-other-migration': {
    severity: 'blocking',
    meaning: 'the bridge belongs to the migration of another uplink',
    fact: 'F-40',
  },
  'bridge-left-over': {
    severity: 'blocking',
    meaning: 'the bridge carries our mark for this uplink, but there is no journal',
    fact: 'F-86',
  },
  'existing-bridge-missing': { severity: 'warning', meaning: 'the existing bridge that was asked for does not exist' },
  'bridge-datapath-differs': { severity: 'blocking', meaning: 'the existing bridge has another datapath type' },
  'bridge-fail-mode-secure': {
    severity: 'blocking',
    meaning: 'the existing bridge forwards nothing without flows (fail_mode secure)',
    fact: 'F-41',
  },
  'bridge-has-controller': {
    severity: 'warning',
    meaning: 'a controller decides what the existing bridge forwards',
    fact: 'F-42',
  },
  'bridge-has-uplink': { severity: 'blocking', meaning: 'the existing bridge has another NIC: danger of a loop' },
  'bridge-mtu-smaller': {
    severity: 'warning',
    meaning: 'a port of the existing bridge has a smaller MTU than the uplink',
    fact: 'F-101',
  },

  // The host.
  'lock-held': {
    severity: 'blocking',
    meaning: 'another ovs-uplink works on this host',
    fact: 'F-40',
    acceptable: false,
  },
  'critical-mount': {
    severity: 'blocking',
    meaning: 'the system lives on a mount over the uplink',
    fact: 'F-107',
  },
  'network-mount': { severity: 'warning', meaning: 'a mount goes over the uplink', fact: 'F-107' },

  // Only from `doctor`.
  'rename-live': { severity: 'info', meaning: 'this kernel renames links that are up', fact: 'F-10' },
  'udev-naming-policy': { severity: 'info', meaning: 'how udev names links here' },
  'ovs-reachable': { severity: 'info', meaning: 'Open vSwitch answers' },
  'ovs-datapaths': { severity: 'info', meaning: 'which datapath types ovs-vswitchd offers' },
  'ingress-mute-ready': { severity: 'info', meaning: 'the kernel can be kept from answering on the uplink' },
  'ingress-mute-unavailable': {
    severity: 'warning',
    meaning: 'nf_tables cannot hook the ingress of a link, so that the netdev datapath cannot be used',
    fact: 'F-48',
  },
  'uplink-candidate': { severity: 'info', meaning: 'a link with a default route' },
  'no-uplink-candidate': { severity: 'warning', meaning: 'no link has a default route' },
  'request-looks-good': { severity: 'info', meaning: 'nothing stands in the way of a migration' },
} as const satisfies Readonly<Record<string, FindingMeaning>>;

/** A code of {@link FINDING_CODES}. */
export type FindingCode = keyof typeof FINDING_CODES;

/** True for a code of {@link FINDING_CODES}. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDING_CODES, text);
}

/** Meaning of a code. */
export function meaningOf(code: FindingCode): FindingMeaning {
  return FINDING_CODES[code];
}

/** Makes a finding; severity and fact come from {@link FINDING_CODES}. */
export function finding(
  code: FindingCode,
  text: { readonly message: string; readonly culprit?: string; readonly advice: string },
): Finding {
  const { severity, fact } = meaningOf(code);
  return { code, severity, ...text, ...(fact === undefined ? {} : { fact }) };
}
