import { uplinkError } from '../../../errors.ts';
import type { ClientIdentity } from './client-identity.ts';
import { lastValue, type NetworkSection, parseNetworkText } from './network-text.ts';

/** Drivers of OVS's own links, as ethtool tells them: of a netdev datapath, and of the kernel's. */
const HOST_PORT_DRIVERS = 'tun openvswitch';

/** Sections that make sense on another link. [Link] is the engine's business, and so is what stacks links on each other. */
const CARRIED_SECTIONS = new Set([
  'Network',
  'Address',
  'Neighbor',
  'IPv6AddressLabel',
  'RoutingPolicyRule',
  'Route',
  'DHCP',
  'DHCPv4',
  'DHCPv6',
  'IPv6AcceptRA',
  'DHCPServer',
  'DHCPServerStaticLease',
  'IPv6SendRA',
  'IPv6Prefix',
  'IPv6RoutePrefix',
]);

/** Settings of [Network] that name other links, and those of which ours has its own. */
const LEFT_OUT = new Set([
  'ActiveSlave',
  'BatmanAdvanced',
  'BindCarrier',
  'Bond',
  'Bridge',
  'Description',
  'IPVLAN',
  'IPVTAP',
  'IPoIB',
  'KeepConfiguration',
  'KeepMaster',
  'L2TP',
  'MACVLAN',
  'MACVTAP',
  'MACsec',
  'PrimarySlave',
  'Tunnel',
  'VLAN',
  'VRF',
  'VXLAN',
  'Xfrm',
]);

/** A file that keeps networkd's hands off links of OVS by their names, and off no other link that has such a name now. */
export function unmanagedOvsLinks(names: readonly string[]): string {
  return formatSection({ name: 'Match', settings: matchOvs(names) }) + UNMANAGED;
}

/** A file that keeps networkd's hands off the uplink; under its original name, too, which it has again before it is given back. */
export function unmanagedLinks(names: readonly string[]): string {
  const settings = [{ key: 'Name', value: [...new Set(names)].map(matchName).join(' ') }];
  return formatSection({ name: 'Match', settings }) + UNMANAGED;
}

/** What tells networkd to leave the links alone that a file matches. */
export const UNMANAGED = '\n[Link]\nUnmanaged=yes\n';

/** A drop-in with which networkd takes a link without removing what others have put on it. */
export const KEEP_CONFIGURATION = '[Network]\nKeepConfiguration=yes\n';

/**
 * The uplink's configuration for the host port. `KeepConfiguration=yes`: its addresses and routes are there already, and a DHCP client asks for
 * the address that is there instead of a new one.
 */
export function carriedNetwork(hostPort: string, uplinkText: string, identity: ClientIdentity): string {
  const sections = parseNetworkText(uplinkText);
  const online = sections.filter(section => section.name === 'Link').map(onlyOnline);
  const carried = sections.filter(section => CARRIED_SECTIONS.has(section.name)).map(withoutOthers);
  return [
    { name: 'Match', settings: matchOvs([hostPort]) },
    ...[...online, ...carried].filter(section => section.settings.length > 0),
    { name: 'Network', settings: [{ key: 'KeepConfiguration', value: 'yes' }] },
    ...pinned(sections, identity),
  ]
    .map(formatSection)
    .join('\n');
}

/** True when networkd would keep what is on the link anyway. */
export function keepsConfiguration(uplinkText: string): boolean {
  const value = lastValue(parseNetworkText(uplinkText), ['Network'], 'KeepConfiguration') ?? 'no';
  return ['yes', 'true', 'on', '1'].includes(value.toLowerCase());
}

function pinned(sections: readonly NetworkSection[], { iaid4, iaid6 }: ClientIdentity): NetworkSection[] {
  const pin = (name: string, names: readonly string[], iaid: number | null): NetworkSection[] =>
    iaid === null || lastValue(sections, names, 'IAID') !== undefined
      ? []
      : [{ name, settings: [{ key: 'IAID', value: String(iaid) }] }];
  return [...pin('DHCPv4', ['DHCPv4', 'DHCP'], iaid4), ...pin('DHCPv6', ['DHCPv6'], iaid6)];
}

function matchOvs(names: readonly string[]): NetworkSection['settings'] {
  return [
    { key: 'Name', value: names.map(matchName).join(' ') },
    { key: 'Driver', value: HOST_PORT_DRIVERS },
  ];
}

/** How long whoever waits for the network waits for the host port, it would have waited for the uplink (F-93). */
function onlyOnline(section: NetworkSection): NetworkSection {
  return { ...section, settings: section.settings.filter(({ key }) => /^Required(Family)?ForOnline$/.test(key)) };
}

function withoutOthers(section: NetworkSection): NetworkSection {
  if (section.name !== 'Network') return section;
  return { ...section, settings: section.settings.filter(({ key }) => !LEFT_OUT.has(key)) };
}

function formatSection({ name, settings }: NetworkSection): string {
  return `[${name}]\n${settings.map(({ key, value }) => `${key}=${value}\n`).join('')}`;
}

/** A name as a pattern that matches it alone; names have no blanks and no `/`. */
function matchName(name: string): string {
  if (name === '' || /[\s"'\\%]/.test(name)) {
    throw uplinkError('UNSUPPORTED', {
      what: 'systemd-networkd cannot be told about a link of this name',
      object: name,
      expected: 'a name without quotes, backslash and percent sign',
    });
  }
  // An exclamation mark in front would mean all others.
  return name.replaceAll(/[*?[]/g, '[$&]').replace(/^!/, '?');
}
