import type { Address } from '../address.ts';
import {
  formatAddress,
  IFA_F_DADFAILED,
  IFA_F_MANAGETEMPADDR,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
} from '../address.ts';
import type { Finding } from '../finding.ts';
import { isMovable } from '../steps/addresses.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about the uplink's addresses. */
export const ADDRESS_RULES: readonly UplinkRule[] = [
  checkAttachOnly,
  checkHasAddresses,
  checkLeases,
  checkSlaac,
  checkUsable,
];

function movableAddresses({ kernel, uplink }: UplinkContext): readonly Address[] {
  return kernel.addresses.filter(address => address.linkIndex === uplink.index && isMovable(address));
}

function checkAttachOnly(context: UplinkContext): readonly Finding[] {
  const addresses = movableAddresses(context);
  if (context.request.layout !== 'attach-only' || addresses.length === 0) return [];
  return [
    finding('attach-only-has-addresses', {
      message: `${context.uplink.name} has ${listed(addresses.map(formatAddress))}: layout attach-only moves no addresses, so they would be cut off`,
      culprit: context.uplink.name,
      advice: 'take layout host-port or bridge-port',
    }),
  ];
}

function checkHasAddresses(context: UplinkContext): readonly Finding[] {
  if (context.names.hostPort === null || movableAddresses(context).length > 0) return [];
  return [
    finding('uplink-without-addresses', {
      message: `${context.uplink.name} has no address to move`,
      culprit: context.uplink.name,
      advice: 'if that is right, layout attach-only does less',
    }),
  ];
}

/** IFAPROT_KERNEL_RA: Linux 5.18 and later say so. */
const IFAPROT_KERNEL_RA = 2;

/** Made from a router advertisement, by the kernel or by a daemon in its place. DHCPv6 sets none of these flags. */
function isSlaac(address: Address): boolean {
  if (address.family !== 6) return false;
  const flags = IFA_F_MANAGETEMPADDR | IFA_F_STABLE_PRIVACY | IFA_F_TEMPORARY;
  return address.protocol === IFAPROT_KERNEL_RA || (address.validLifetimeS !== null && (address.flags & flags) !== 0);
}

function checkLeases(context: UplinkContext): readonly Finding[] {
  const { uplink, names } = context;
  if (names.hostPort === null) return [];
  const leases = movableAddresses(context).filter(address => address.validLifetimeS !== null && !isSlaac(address));
  if (leases.length === 0) return [];
  const soonestS = Math.min(...leases.map(address => address.validLifetimeS ?? Number.POSITIVE_INFINITY));
  const who = names.hostPort === uplink.name ? `the link ${names.hostPort} by its new index` : names.hostPort;
  return [
    finding('address-lease', {
      message: `${listed(leases.map(formatAddress))} on ${uplink.name} ${leases.length === 1 ? 'has' : 'have'} a limited lifetime (${soonestS} s left): nobody renews the lease on the host port unless the DHCP client is pointed to it`,
      culprit: uplink.name,
      advice: `point the DHCP client to ${who} within ${soonestS} s, or make the address static`,
    }),
  ];
}

function checkSlaac(context: UplinkContext): readonly Finding[] {
  const { uplink, names } = context;
  if (names.hostPort === null) return [];
  const found = movableAddresses(context).filter(isSlaac);
  if (found.length === 0) return [];
  return [
    finding('address-slaac', {
      message: `${listed(found.map(formatAddress))} on ${uplink.name} come${found.length === 1 ? 's' : ''} from router advertisements: the host port must take them in future`,
      culprit: uplink.name,
      advice: `see that accept_ra is on for ${names.hostPort} (2 where the host forwards), or that the daemon which did it looks after ${names.hostPort}`,
    }),
  ];
}

function checkUsable(context: UplinkContext): readonly Finding[] {
  return movableAddresses(context)
    .filter(address => address.family === 6 && (address.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) !== 0)
    .map(address => {
      const isDuplicate = (address.flags & IFA_F_DADFAILED) !== 0;
      return finding('address-not-usable', {
        message: `${formatAddress(address)} on ${context.uplink.name} is ${isDuplicate ? 'a duplicate: somebody else on the network has it' : 'tentative: duplicate detection has not finished'}`,
        culprit: context.uplink.name,
        advice: isDuplicate ? 'remove it, or find the other host' : 'wait a moment and try again',
      });
    });
}
