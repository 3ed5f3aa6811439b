import type { HostFacts } from '../../../src/domain/host-facts.ts';
import type { Link } from '../../../src/domain/link.ts';
import type { NamingSubject } from '../../../src/domain/udev/naming.ts';
import { namingSubjectOf } from '../../../src/domain/udev/naming.ts';
import { NO_UDEV, type UdevFacts } from '../../../src/domain/udev/udev-facts.ts';
import { facts, link } from '../precheck/hosts.ts';

/** What to make a host of; files in the order of their names. */
export interface Host {
  readonly uplink?: Partial<Link>;
  /** Path to text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly udev?: Partial<UdevFacts>;
  readonly commandLine?: string;
}

/** As Debian ships it. */
export const DEFAULT_PATH = '/usr/lib/systemd/network/99-default.link';
export const DEFAULT_LINK = `# a comment
[Match]
OriginalName=*

[Link]
NamePolicy=keep kernel database onboard slot path
AlternativeNamesPolicy=database onboard slot path
MACAddressPolicy=persistent
`;

/** The NIC of these hosts. */
export const ENP0S1: Partial<Link> = {
  name: 'enp0s1',
  mac: '52:54:00:00:00:07',
  permanentMac: '52:54:00:00:00:07',
  kind: null,
};

/** What udev writes down of it. */
export const ENP0S1_RECORD = {
  ID_NET_NAME: 'enp0s1',
  ID_NET_NAME_MAC: 'enx525400000007',
  ID_NET_NAME_PATH: 'enp0s1',
  ID_NET_NAME_SLOT: 'ens1',
  ID_NET_DRIVER: 'virtio_net',
  ID_PATH: 'pci-0000:00:01.0',
} as const;

export function factsOf({ files = {}, udev = {}, commandLine = '' }: Host): HostFacts {
  return facts({
    linkFiles: Object.entries(files).map(([path, text]) => ({ path, text })),
    udev: { ...NO_UDEV, ...udev },
    kernelCommandLine: commandLine,
  });
}

export function uplinkOf(host: Host): Link {
  return link({ ...ENP0S1, ...host.uplink });
}

export function subjectOf(host: Host): NamingSubject {
  return namingSubjectOf(factsOf(host), uplinkOf(host));
}
