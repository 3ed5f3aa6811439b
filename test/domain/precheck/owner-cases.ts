import type { DhcpClient, NmConnection, NmDevice, OwnerFacts } from '../../../src/domain/owners.ts';
import { NO_OWNERS } from '../../../src/domain/owners.ts';
import type { PrecheckInput } from '../../../src/domain/precheck/index.ts';
import { address, facts, factsWithRelease, kernelWith, kernelWithUplink, request, virtualLink } from './hosts.ts';
import type { RuleCase } from './rule-cases.ts';

/** A host whose uplink has these owners. */
export function owned(owners: Partial<OwnerFacts>, more: Partial<PrecheckInput> = {}): Partial<PrecheckInput> {
  return { facts: facts({ owners: { ...NO_OWNERS, ...owners } }), ...more };
}

const profile: NmConnection = {
  id: 'office',
  uuid: '7f0c1a52-6f6e-4d5c-9a7e-0b1d2c3e4f50',
  type: '802-3-ethernet',
  method4: 'manual',
  method6: 'auto',
  external: false,
};

function device(overrides: Partial<NmDevice> = {}): NmDevice {
  return { name: 'eth0', managed: true, state: 100, reason: 0, deviceType: 1, connection: profile, ...overrides };
}

export function networkManager(uplink: Partial<NmDevice>, relatives: readonly NmDevice[] = []): Partial<OwnerFacts> {
  const facts = { ...NO_OWNERS.networkManager, state: 'running', version: '1.42.4' } as const;
  return { networkManager: { ...facts, uplink: device(uplink), relatives } };
}

export function networkd(link: Partial<NonNullable<OwnerFacts['networkd']['uplink']>>): Partial<OwnerFacts> {
  const networkFile = '/etc/systemd/network/10-lan.network';
  const uplink = { setupState: 'configured', networkFile, networkText: '', dhcp4: false, dhcp6: false, ...link };
  return { networkd: { ...NO_OWNERS.networkd, state: 'running', uplink } };
}

export function dhclient(overrides: Partial<DhcpClient> = {}): Partial<OwnerFacts> {
  const client: DhcpClient = {
    program: 'dhclient',
    pid: 812,
    argv: ['dhclient', '-4', 'eth0'],
    link: 'eth0',
    family: 4,
    leaseFile: '/var/lib/dhcp/dhclient.eth0.leases',
    pidFile: '/run/dhclient.eth0.pid',
    unit: null,
    ...overrides,
  };
  return { dhcpClients: [client] };
}

const vlan = device({ name: 'eth0.100', deviceType: 11 });
const attachOnly = request({ layout: 'attach-only' });
const bridgePort = request({ layout: 'bridge-port' });
const lease = address({ local: '2001:db8::77', prefixLength: 128, flags: 0, validLifetimeS: 3000 });
const team = kernelWithUplink({ kind: 'team' });

export const OWNER_CASES: readonly RuleCase[] = [
  {
    code: 'owner-silent',
    when: 'NetworkManager does not answer',
    host: owned({ networkManager: { ...NO_OWNERS.networkManager, state: 'silent' }, readMs: 203.4 }),
    culprit: 'NetworkManager',
    says: ['203 ms', 'files'],
    unless: 'it does not run at all',
    quiet: owned({ readMs: 203.4 }),
  },
  {
    code: 'nm-keeps-link',
    when: 'the uplink is a team of NetworkManager',
    host: owned(networkManager({ deviceType: 15 }), { kernel: team }),
    culprit: 'eth0',
    says: ['the team eth0', 'attach-only'],
    unless: 'it manages it no more',
    quiet: owned(networkManager({ deviceType: 15, managed: false }), {
      kernel: team,
      request: request({ layout: 'bridge-port' }),
    }),
  },
  {
    code: 'nm-keeps-link',
    when: 'the uplink is the parent of a VLAN of NetworkManager',
    host: owned(networkManager({}, [vlan])),
    culprit: 'eth0.100',
    says: ['the VLAN eth0.100 down'],
    unless: 'the VLAN is somebody else’s',
    quiet: owned(networkManager({}, [{ ...vlan, managed: false }])),
  },
  {
    code: 'nm-keeps-link',
    when: 'the uplink is a port of a bond of NetworkManager',
    host: owned(networkManager({}, [device({ name: 'bond0', deviceType: 10 })])),
    culprit: 'bond0',
    says: ['the bond bond0 down'],
    unless: 'with attach-only nothing is asked of it',
    quiet: owned(networkManager({}, [device({ name: 'bond0', deviceType: 10 })]), { request: attachOnly }),
  },
  {
    code: 'nm-manages-uplink',
    when: 'the profile is static',
    host: owned(networkManager({})),
    culprit: 'NetworkManager',
    says: ['"office"', 'gets it back on restore'],
    unless: 'the device is unmanaged',
    quiet: owned(networkManager({ managed: false })),
  },
  {
    code: 'nm-dhcp',
    when: 'the profile says auto',
    host: owned(networkManager({ connection: { ...profile, method4: 'auto' } })),
    culprit: 'NetworkManager',
    says: ['IPv4 address of eth0', 'nmcli connection modify 7f0c1a52'],
    unless: 'only IPv6 is auto, as in every profile',
    quiet: owned(networkManager({})),
  },
  {
    code: 'nm-dhcp',
    when: 'an address came by DHCPv6',
    host: owned(networkManager({}), { kernel: kernelWith({ addresses: [lease] }) }),
    culprit: 'NetworkManager',
    says: ['IPv6 address of eth0'],
    unless: 'there is no host port to renew it on',
    quiet: owned(networkManager({}), { kernel: kernelWith({ addresses: [lease] }), request: attachOnly }),
  },
  {
    code: 'nm-keeps-link',
    when: 'NetworkManager does not answer, and the uplink is a team',
    host: owned(
      { networkManager: { ...NO_OWNERS.networkManager, state: 'silent' } },
      { kernel: kernelWithUplink({ kind: 'team' }), request: request({ layout: 'bridge-port' }) },
    ),
    culprit: 'NetworkManager',
    says: ['does not answer', 'may manage the team eth0'],
    unless: 'it is a link of its own',
    quiet: owned({ networkManager: { ...NO_OWNERS.networkManager, state: 'silent' } }),
  },
  {
    code: 'nm-keeps-link',
    when: 'a team would get a name with which NetworkManager ends',
    host: owned(
      { networkManager: { ...NO_OWNERS.networkManager, state: 'running' } },
      { kernel: kernelWithUplink({ kind: 'team' }) },
    ),
    culprit: 'NetworkManager',
    says: ['a team called eth0~'],
    unless: 'the team keeps its name',
    quiet: owned(
      { networkManager: { ...NO_OWNERS.networkManager, state: 'running' } },
      { kernel: kernelWithUplink({ kind: 'team' }), request: request({ layout: 'bridge-port' }) },
    ),
  },
  {
    code: 'networkd-manages-uplink',
    when: 'systemd-networkd has configured it',
    host: owned(networkd({})),
    culprit: '/etc/systemd/network/10-lan.network',
    says: ['gets it back on restore'],
    unless: 'it leaves the link alone',
    quiet: owned(networkd({ setupState: 'unmanaged' })),
  },
  {
    code: 'networkd-drops-on-rename',
    when: 'the kernel takes the link down for the rename',
    host: {
      facts: { ...factsWithRelease('6.1.0-56-amd64'), owners: { ...NO_OWNERS, ...networkd({}) } },
    },
    culprit: '/etc/systemd/network/10-lan.network',
    says: ['Linux 6.1.0-56-amd64', 'takes it down'],
    unless: 'it renames links that are up',
    quiet: owned(networkd({})),
  },
  {
    code: 'networkd-dhcp',
    when: 'its file cannot be read',
    host: owned(networkd({ dhcp4: true, networkText: null })),
    culprit: '/etc/systemd/network/10-lan.network',
    says: ['IPv4 address of eth0'],
    unless: 'its file is known',
    quiet: owned(networkd({ dhcp4: true })),
  },
  {
    code: 'dhcp-client-follows',
    when: 'systemd-networkd runs DHCP',
    host: owned(networkd({ dhcp4: true, dhcp6: true })),
    culprit: 'systemd-networkd',
    says: ['IPv4 and IPv6 lease', 'same lease'],
    unless: 'its addresses are static',
    quiet: owned(networkd({})),
  },
  {
    code: 'dhcp-client-follows',
    when: 'dhclient knows the link by the name that the host port gets',
    host: owned(dhclient({ unit: 'ifup@eth0.service' })),
    culprit: 'dhclient (pid 812)',
    says: ['ifup@eth0.service'],
    unless: 'it serves another link',
    quiet: owned(dhclient({ link: 'eth1' })),
  },
  {
    code: 'dhcp-client-not-handed-over',
    when: 'dhcpcd holds on to the ifindex',
    host: owned(dhclient({ program: 'dhcpcd', link: null })),
    culprit: 'dhcpcd (pid 812)',
    says: ['ifindex', 'dhclient, udhcpc'],
    unless: 'it is dhclient',
    quiet: owned(dhclient()),
  },
  {
    code: 'dhcp-client-not-handed-over',
    when: 'udhcpc would have to be started for another name',
    host: owned(dhclient({ program: 'udhcpc' }), { request: bridgePort }),
    culprit: 'udhcpc (pid 812)',
    says: ['br-ext', 'layout host-port keeps the name'],
    unless: 'the host port keeps the name',
    quiet: owned(dhclient({ program: 'udhcpc' })),
  },
  {
    code: 'teamd-port',
    when: 'the uplink is a port of a team',
    host: owned(
      { teamd: 640 },
      { kernel: kernelWithUplink({ master: 7, slaveKind: 'team' }, { links: [virtualLink(7, 'team0', 'team')] }) },
    ),
    culprit: 'team0',
    says: ['pid 640', 'teamdctl team0 port remove eth0'],
    unless: 'the uplink is the team itself',
    quiet: owned({ teamd: 640 }, { kernel: team }),
  },
  {
    code: 'teamd-runs-uplink',
    when: 'the uplink is a team that gets another name',
    host: owned({ teamd: 640 }, { kernel: team }),
    culprit: 'teamd (pid 640)',
    says: ['old name only', 'bridge-port'],
    unless: 'no teamd runs it',
    quiet: owned({}, { kernel: team }),
  },
  {
    code: 'configuration-names-uplink',
    when: 'netplan has a file for it',
    host: owned({ configurations: [{ by: 'netplan', path: '/etc/netplan/50-lan.yaml', method: 'dhcp' }] }),
    culprit: '/etc/netplan/50-lan.yaml',
    says: ['(dhcp)', 'netplan apply', 'the host port, which has the name eth0'],
    unless: 'nobody has',
    quiet: owned({}),
  },
];
