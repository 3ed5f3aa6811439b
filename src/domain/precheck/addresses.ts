import { formatAddress, IFA_F_DADFAILED, IFA_F_TENTATIVE } from '../address.ts';
import type { Finding } from '../finding.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';
import { isFollowed, isSlaac, leasesOf, movableAddresses } from './leases.ts';

/** Rules about the uplink's addresses. */
export const ADDRESS_RULES: readonly UplinkRule[] = [
  checkAttachOnly,
  checkHasAddresses,
  checkLeases,
  checkSlaac,
  checkUsable,
];

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

/** A lease whose client goes on with the host port is renewed there: `dhcp-client-follows` says so. */
function checkLeases(context: UplinkContext): readonly Finding[] {
  const { uplink, names } = context;
  if (names.hostPort === null) return [];
  const leases = leasesOf(context).filter(address => !isFollowed(address, context));
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
