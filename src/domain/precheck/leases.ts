import type { Address } from '../address.ts';
import { IFA_F_MANAGETEMPADDR, IFA_F_STABLE_PRIVACY, IFA_F_TEMPORARY } from '../address.ts';
import { refuseDhcpHandOver } from '../dhcp/dhcp-refusal.ts';
import type { DhcpClient } from '../owners.ts';
import { isMovable } from '../steps/addresses.ts';
import { isManaging } from '../steps/owners.ts';
import type { UplinkContext } from './context.ts';

/** Addresses of the uplink that the migration moves. */
export function movableAddresses({ kernel, uplink }: UplinkContext): readonly Address[] {
  return kernel.addresses.filter(address => address.linkIndex === uplink.index && isMovable(address));
}

/** IFAPROT_KERNEL_RA: Linux 5.18 and later say so. */
const IFAPROT_KERNEL_RA = 2;

/** Made from a router advertisement, by the kernel or by a daemon in its place. DHCPv6 sets none of these flags. */
export function isSlaac(address: Address): boolean {
  if (address.family !== 6) return false;
  const flags = IFA_F_MANAGETEMPADDR | IFA_F_STABLE_PRIVACY | IFA_F_TEMPORARY;
  return address.protocol === IFAPROT_KERNEL_RA || (address.validLifetimeS !== null && (address.flags & flags) !== 0);
}

/** Addresses with a limited lifetime that somebody must renew. */
export function leasesOf(context: UplinkContext): readonly Address[] {
  return movableAddresses(context).filter(address => address.validLifetimeS !== null && !isSlaac(address));
}

/** DHCP clients of the uplink, or of every link. */
export function clientsOfUplink({ facts, uplink }: UplinkContext): readonly DhcpClient[] {
  return facts.owners.dhcpClients.filter(client => client.link === null || client.link === uplink.name);
}

/** True where systemd-networkd takes the host port in place of the uplink: it gets a copy of the uplink's file, which must be known for that. */
export function networkdFollows({ facts, names }: UplinkContext): boolean {
  const { networkd } = facts.owners;
  return (
    names.hostPort !== null &&
    isManaging('systemd-networkd', facts.owners) &&
    networkd.uplink !== null &&
    networkd.uplink.networkText !== null
  );
}

/** True for a lease that its client renews on the host port, too. */
export function isFollowed({ family }: Pick<Address, 'family'>, context: UplinkContext): boolean {
  const { names, uplink } = context;
  const following = clientsOfUplink(context).filter(
    client => refuseDhcpHandOver(client, uplink.name, names.hostPort) === null,
  );
  // A client that does not say which family it serves serves IPv4: dhclient, udhcpc.
  if (following.some(client => (client.family ?? 4) === family)) return true;
  const link = context.facts.owners.networkd.uplink;
  return networkdFollows(context) && (family === 4 ? link?.dhcp4 : link?.dhcp6) === true;
}
