import type { Finding } from '../finding.ts';
import { linkByIndex, linkByName } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { hasNoCarrier, IFF_LOOPBACK, isEthernet, isUp, standsOn } from '../link.ts';
import { nearMiss } from '../near-miss.ts';
import type { OwnerFacts } from '../owners.ts';
import { usesLink } from '../route.ts';
import { isKernelOwned } from '../snapshot.ts';
import { isMovable } from '../steps/addresses.ts';
import { isManaging } from '../steps/owners.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';
import { LINK_LIST_RULES } from './link-lists.ts';

/** Rules about the links that are to form a bond of Open vSwitch with the uplink; silent without one. */
export const BOND_RULES: readonly UplinkRule[] = [checkMembers, checkLacp];

function checkMembers(context: UplinkContext): readonly Finding[] {
  const { request, kernel, memberOwners = [] } = context;
  const names = request.bond?.members ?? [];
  const links = names.map(name => linkByName(kernel, name)).filter(link => link !== undefined);
  const missing = names.filter(name => !links.some(link => link.name === name));
  return [
    ...missing.map(name => {
      const near = nearMiss(
        name,
        kernel.links.map(link => link.name),
      );
      const advice = near === undefined ? 'look at the names with "ip link"' : `did you mean ${near}?`;
      return unfit(name, 'there is no such link', advice);
    }),
    ...links.flatMap((member, at) => checkMember(context, member, memberOwners[at])),
  ];
}

function checkMember(context: UplinkContext, member: Link, owners: OwnerFacts | undefined): readonly Finding[] {
  const lists = LINK_LIST_RULES.flatMap(rule => rule({ ...context, uplink: member }));
  const reason = whyUnfit(context, member);
  if (reason !== undefined) return [...lists, unfit(member.name, ...reason)];
  const manager = owners === undefined ? undefined : managerOf(member, owners);
  if (manager !== undefined) {
    return [
      ...lists,
      finding('bond-member-managed', {
        message: `${manager} manages ${member.name}, and would go on to configure it under the bond`,
        culprit: manager,
        advice: `take ${member.name} from it first: "nmcli device set ${member.name} managed no", Unmanaged=yes in its .network file, or end the DHCP client`,
      }),
    ];
  }
  if (!hasNoCarrier(member)) return lists;
  return [
    ...lists,
    finding('bond-member-no-carrier', {
      message: `${member.name} has no carrier (state ${member.operState}): the bond begins without it`,
      culprit: member.name,
      advice: 'look at the cable, the switch port or the other end',
    }),
  ];
}

function unfit(name: string, reason: string, advice: string): Finding {
  return finding('bond-member-unfit', {
    message: `${name} cannot be a member of the bond: ${reason}`,
    culprit: name,
    advice,
  });
}

/** Everything else that lives on the link would end with it, and comes from nobody who could put it back. */
function whyUnfit(
  { kernel, uplink, ovs }: UplinkContext,
  member: Link,
): readonly [reason: string, advice: string] | undefined {
  const { name, index, mac, master, mtu } = member;
  if (!isEthernet(member) || (member.flags & IFF_LOOPBACK) !== 0) {
    return [`it is no Ethernet link (hardware address ${mac ?? 'none'})`, 'name an Ethernet link'];
  }
  if (ovs?.interfaces.some(row => row.name === name) === true) {
    return ['Open vSwitch has it already', `see which bridge: "ovs-vsctl iface-to-br ${name}"`];
  }
  if (master !== null) {
    const masterName = linkByIndex(kernel, master)?.name ?? `link ${master}`;
    return [`it belongs to ${masterName}`, `take it out first: "ip link set ${name} nomaster"`];
  }
  if (!isUp(member)) return ['it is administratively down', `bring it up first: "ip link set ${name} up"`];
  const addresses = kernel.addresses.filter(a => a.linkIndex === index && isMovable(a)).map(a => a.local);
  if (addresses.length > 0) {
    return [`it has ${listed(addresses)}`, `take what it has away, or make ${name} the uplink`];
  }
  const routes = kernel.routes.filter(route => usesLink(route, index) && !isKernelOwned(route));
  if (routes.length > 0) {
    return [`routes lead over it: ${listed(routes.map(route => route.destination))}`, 'take these routes away first'];
  }
  const uppers = kernel.links.filter(link => standsOn(link, member)).map(link => link.name);
  if (uppers.length > 0) return [`it carries ${listed(uppers)}`, `remove ${listed(uppers)}, or choose another link`];
  if (mtu < uplink.mtu) {
    return [`its MTU ${mtu} is smaller than ${uplink.name}'s ${uplink.mtu}`, `"ip link set ${name} mtu ${uplink.mtu}"`];
  }
  return undefined;
}

function managerOf({ name }: Link, owners: OwnerFacts): string | undefined {
  if (isManaging('NetworkManager', owners)) return 'NetworkManager';
  if (isManaging('systemd-networkd', owners)) return 'systemd-networkd';
  return owners.dhcpClients.find(client => client.link === name)?.program;
}

function checkLacp({ request }: UplinkContext): readonly Finding[] {
  if (request.bond?.mode !== 'balance-tcp') return [];
  return [
    finding('bond-needs-lacp', {
      message: `balance-tcp needs LACP: nothing gets through until it is agreed, which takes seconds; where the switch does not speak it, ${request.uplink} alone carries everything`,
      culprit: request.uplink,
      advice: 'set the switch ports up as one LACP group, or take active-backup or balance-slb',
    }),
  ];
}
