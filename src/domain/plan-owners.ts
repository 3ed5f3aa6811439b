import { refuseDhcpHandOver } from './dhcp/dhcp-refusal.ts';
import type { HostFacts } from './host-facts.ts';
import { namesOf } from './layout.ts';
import type { Link } from './link.ts';
import type { ManagerName, OwnerFacts } from './owners.ts';
import type { PlannedOwners } from './plan.ts';
import type { MigrationRequest } from './request.ts';
import { isManaging } from './steps/owners.ts';
import { linkPolicyFor } from './udev/link-policy.ts';
import { namingSubjectOf } from './udev/naming.ts';

const MANAGERS: readonly ManagerName[] = ['NetworkManager', 'systemd-networkd'];

/** NMDeviceType of devices that NetworkManager sets down when it lets them go: bonds and teams (F-77, F-78). */
const KEPT_TYPES = [10, 15];

/** NMDeviceType of a VLAN, which goes down with its parent (F-76). */
const VLAN = 11;

/** True for an uplink that NetworkManager must keep: it is a team or a bond, is a port of one, or carries VLANs of its own. */
export function mustKeep({ networkManager }: OwnerFacts): boolean {
  const { uplink, relatives } = networkManager;
  if (uplink === null || !uplink.managed) return false;
  return (
    KEPT_TYPES.includes(uplink.deviceType) ||
    relatives.some(r => r.managed && (KEPT_TYPES.includes(r.deviceType) || r.deviceType === VLAN))
  );
}

/** What the migration asks of whom; null where nobody else has to do with the uplink. Without a host port nothing is taken from anybody. */
export function planOwners(
  request: MigrationRequest,
  facts: HostFacts,
  uplink: Link,
  datapath: 'system' | 'netdev',
): PlannedOwners | null {
  const names = namesOf(request.layout, request.uplink, request.bridge);
  if (names.hostPort === null) return null;
  const { owners } = facts;
  const release = MANAGERS.filter(owner => isManaging(owner, owners)).filter(
    owner => owner !== 'NetworkManager' || !mustKeep(owners),
  );
  const dhcpClients = owners.dhcpClients.filter(
    client => client.link === uplink.name && refuseDhcpHandOver(client, uplink.name, names.hostPort) === null,
  );
  // Who manages the link tells systemd-resolved; nobody else may then (LinkBusy).
  const dns = release.includes('systemd-networkd') ? null : owners.dns;
  const linkPolicy =
    request.writeLinkPolicy === true
      ? linkPolicyFor(namingSubjectOf(facts, uplink), facts.linkFiles, {
          uplink: names.uplink,
          hostPort: names.hostPort,
          datapath,
        })
      : null;
  if (release.length === 0 && dhcpClients.length === 0 && dns === null && linkPolicy === null) return null;
  return { release, dns, dhcpClients, linkPolicy };
}
