import type { Bond } from '../../../src/domain/bond.ts';
import type { Link } from '../../../src/domain/link.ts';
import { IFF_UP } from '../../../src/domain/link.ts';
import type { OwnerFacts } from '../../../src/domain/owners.ts';
import { NO_OWNERS } from '../../../src/domain/owners.ts';
import type { PrecheckInput } from '../../../src/domain/precheck/index.ts';
import { address, hop, kernelWith, link, ovs, request, route, virtualLink } from './hosts.ts';
import type { RuleCase } from './rule-cases.ts';

type Kernel = Parameters<typeof kernelWith>[0];

function bonds(member: Partial<Link> = {}, more: Kernel = {}, bond: Partial<Bond> = {}): Partial<PrecheckInput> {
  const eth1 = link({ index: 9, name: 'eth1', mac: '00:25:90:aa:bb:09', ...member });
  return {
    request: request({ bond: { mode: 'active-backup', members: ['eth1'], ...bond } }),
    kernel: kernelWith({ ...more, links: [eth1, ...(more.links ?? [])] }),
    memberOwners: [NO_OWNERS],
  };
}

const fit = bonds();

function unfit(when: string, host: Partial<PrecheckInput>, says: string, culprit = 'eth1'): RuleCase {
  return {
    code: 'bond-member-unfit',
    when,
    host,
    culprit,
    says: [says],
    unless: 'it is a NIC with nothing on it',
    quiet: fit,
  };
}

function managedBy(owners: Partial<OwnerFacts>): Partial<PrecheckInput> {
  return { ...fit, memberOwners: [{ ...NO_OWNERS, ...owners }] };
}

const networkd = { setupState: 'configured', networkFile: null, networkText: null, dhcp4: false, dhcp6: false };
const client = {
  program: 'dhclient',
  pid: 7,
  argv: [],
  family: 4,
  leaseFile: null,
  pidFile: null,
  unit: null,
} as const;

export const BOND_CASES: readonly RuleCase[] = [
  unfit('there is no such link', bonds({}, {}, { members: ['eth11'] }), 'did you mean eth1?', 'eth11'),
  unfit('it is no Ethernet link', bonds({ mac: '10.0.0.1' }), 'no Ethernet link'),
  unfit(
    'Open vSwitch has it',
    { ...fit, ovs: ovs([{ name: 'br-lan', ports: [{ name: 'eth1' }] }]) },
    'iface-to-br eth1',
  ),
  unfit(
    'it is a port of something',
    bonds({ master: 12 }, { links: [virtualLink(12, 'br0', 'bridge')] }),
    'belongs to br0',
  ),
  unfit('it is down', bonds({ flags: 0 }), 'ip link set eth1 up'),
  unfit(
    'it has an address',
    bonds({}, { addresses: [address({ linkIndex: 9, local: '10.7.0.1' })] }),
    'it has 10.7.0.1',
  ),
  unfit(
    'a route leads over it',
    bonds({}, { routes: [route({ destination: '10.8.0.0/24', nexthops: [hop({ linkIndex: 9 })] })] }),
    '10.8.0.0/24',
  ),
  unfit(
    'a VLAN stands on it',
    bonds({}, { links: [virtualLink(12, 'eth1.5', 'vlan', { lower: 9 })] }),
    'it carries eth1.5',
  ),
  unfit('its MTU is smaller', bonds({ mtu: 1400 }), 'ip link set eth1 mtu 1500'),
  {
    code: 'bond-member-managed',
    when: 'systemd-networkd has the member',
    host: managedBy({ networkd: { ...NO_OWNERS.networkd, state: 'running', uplink: networkd } }),
    culprit: 'systemd-networkd',
    says: ['eth1'],
    unless: 'it leaves it alone',
    quiet: managedBy({
      networkd: { ...NO_OWNERS.networkd, state: 'running', uplink: { ...networkd, setupState: 'unmanaged' } },
    }),
  },
  {
    code: 'bond-member-managed',
    when: 'a DHCP client serves the member',
    host: managedBy({ dhcpClients: [{ ...client, link: 'eth1' }] }),
    culprit: 'dhclient',
    unless: 'it serves another link',
    quiet: managedBy({ dhcpClients: [{ ...client, link: 'eth0' }] }),
  },
  {
    code: 'bond-member-no-carrier',
    when: 'nothing is at the other end of a member',
    host: bonds({ flags: IFF_UP, carrier: false, operState: 'down' }),
    culprit: 'eth1',
    unless: 'there is',
    quiet: fit,
  },
  {
    code: 'link-protected',
    when: 'a member is protected',
    host: {
      ...fit,
      request: request({
        bond: { mode: 'active-backup', members: ['eth1'] },
        links: [{ from: 'the command line', protect: [{ by: 'name', glob: 'eth1' }], allow: null }],
      }),
    },
    culprit: 'the command line',
    says: ['eth1 is protected'],
    unless: 'nobody says so',
    quiet: fit,
  },
  {
    code: 'bond-needs-lacp',
    when: 'the mode is balance-tcp',
    host: bonds({}, {}, { mode: 'balance-tcp' }),
    culprit: 'eth0',
    unless: 'it is balance-slb',
    quiet: bonds({}, {}, { mode: 'balance-slb' }),
  },
];
