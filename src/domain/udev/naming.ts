import type { HostFacts } from '../host-facts.ts';
import type { Link } from '../link.ts';
import type { LinkFile, UdevDevice } from '../precheck/link-file.ts';
import { appliesTo, firstMatch, parseLinkFile } from '../precheck/link-file.ts';
import type { UdevFacts } from './udev-facts.ts';
import { udevPropertiesOf } from './udev-facts.ts';

/** All that decides how udev names one link. */
export interface NamingSubject {
  readonly uplink: Link;
  /** In the order in which udev tries them. */
  readonly files: readonly LinkFile[];
  /** What udev has written down of this link; null where that is not known. */
  readonly properties: UdevFacts['properties'];
  readonly version: number | null;
  readonly options: NamingOptions;
  readonly commandLine: string;
}

/** What the kernel's command line says of names. */
export interface NamingOptions {
  /** False with `net.ifnames=0`: NamePolicy is not applied then; Name and altnames are. */
  readonly usesNamePolicy: boolean;
  /** True with `biosdevname=1`: where that program is installed, it has chosen the name before udev's policy was asked. */
  readonly usesBiosdevname: boolean;
}

/** Where udev keeps the name that a policy makes of the hardware: systemd.link(5), NamePolicy=. */
export const POLICY_PROPERTIES: Readonly<Record<string, string>> = {
  database: 'ID_NET_NAME_FROM_DATABASE',
  onboard: 'ID_NET_NAME_ONBOARD',
  slot: 'ID_NET_NAME_SLOT',
  path: 'ID_NET_NAME_PATH',
  mac: 'ID_NET_NAME_MAC',
};

/** Kinds of link that have a DEVTYPE of the same name (SET_NETDEV_DEVTYPE in their drivers); the others are `ether`. */
const KINDS_WITH_DEVTYPE = ['bond', 'bridge', 'vlan', 'vxlan', 'geneve', 'macsec', 'hsr'];

/** Puts together what is known of a link's naming. */
export function namingSubjectOf(facts: HostFacts, uplink: Link): NamingSubject {
  const commandLine = facts.kernelCommandLine;
  return {
    uplink,
    files: facts.linkFiles.map(file => parseLinkFile(file.path, file.text)),
    properties: udevPropertiesOf(facts.udev, uplink),
    version: facts.udev.version,
    options: namingOptionsOf(commandLine),
    commandLine,
  };
}

/** Reads `net.ifnames=` and `biosdevname=`; the last of several counts. */
export function namingOptionsOf(commandLine: string): NamingOptions {
  return {
    usesNamePolicy: switchOf(commandLine, 'net.ifnames') ?? true,
    usesBiosdevname: switchOf(commandLine, 'biosdevname') ?? false,
  };
}

/** As proc_cmdline_get_bool() of systemd: `-` and `_` are the same, a bare key means yes; null where nothing is said. */
function switchOf(commandLine: string, key: string): boolean | null {
  const said = commandLine
    .split(/\s+/)
    .map(word => ({ key: word.split('=', 1)[0]?.replaceAll('-', '_'), value: word.split('=').slice(1).join('=') }))
    .findLast(word => word.key === key);
  return said === undefined ? null : !['0', 'no', 'n', 'false', 'f', 'off'].includes(said.value.toLowerCase());
}

/** The uplink as udev sees it under a name; what neither netlink nor udev itself tells counts as fitting. */
export function uplinkDevice(
  { uplink, properties, commandLine }: Pick<NamingSubject, 'uplink' | 'properties' | 'commandLine'>,
  name = uplink.name,
): UdevDevice {
  const { mac, permanentMac, kind } = uplink;
  return {
    name,
    mac,
    permanentMac: permanentMac ?? mac,
    driver: properties?.['ID_NET_DRIVER'],
    kind,
    type: kind !== null && KINDS_WITH_DEVTYPE.includes(kind) ? kind : 'ether',
    path: properties === null ? undefined : (properties['ID_PATH'] ?? null),
    properties: properties ?? undefined,
    commandLine,
  };
}

/** The host port when udev sees it: the uplink's MAC, no hardware behind it, and a random MAC at birth, so no permanent one. */
export function hostPortDevice(
  { uplink, commandLine }: Pick<NamingSubject, 'uplink' | 'commandLine'>,
  name: string,
  datapath: 'system' | 'netdev',
): UdevDevice {
  const driver = datapath === 'system' ? 'openvswitch' : 'tun';
  return {
    name,
    mac: uplink.mac,
    permanentMac: null,
    driver,
    kind: driver,
    path: null,
    properties: null,
    commandLine,
  };
}

/** The file that udev applies to the uplink while that has this name; its own word for it goes before ours. */
export function fileInForce(subject: NamingSubject, name = subject.uplink.name): LinkFile | undefined {
  const { files, properties } = subject;
  const device = uplinkDevice(subject, name);
  const said = properties?.['ID_NET_LINK_FILE'];
  // By the last part: /lib may be a link to /usr/lib, and files of one name hide each other anyway.
  const recorded = said === undefined ? undefined : files.find(file => fileNameOf(file.path) === fileNameOf(said));
  if (recorded === undefined || !appliesTo(recorded, device)) return firstMatch(files, device);
  const before = uplinkDevice(subject);
  // One that is tried earlier, and which the name alone has kept away so far.
  return files.slice(0, files.indexOf(recorded)).find(f => appliesTo(f, device) && !appliesTo(f, before)) ?? recorded;
}

/** `10-lan.link` of a path. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The words of a key of [Link]; empty where it is not set. */
export function wordsOf(file: LinkFile, key: string): readonly string[] {
  return file.link.get(key) ?? [];
}
