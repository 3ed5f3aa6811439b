import type { Effect, LinkRef, OwnerRequest } from '../effect.ts';
import type { Link } from '../link.ts';
import type { DhcpClient, LinkDns, ManagerName, OwnerFacts, Prepared } from '../owners.ts';
import { isMovable } from './addresses.ts';
import type { StepContext } from './context.ts';
import { refOf } from './context.ts';

/** True while the manager holds the uplink. */
export function isManaging(owner: ManagerName, owners: OwnerFacts): boolean {
  switch (owner) {
    case 'NetworkManager':
      return owners.networkManager.uplink?.managed === true;
    case 'systemd-networkd':
      return owners.networkd.uplink !== null && !LET_GO.includes(owners.networkd.uplink.setupState);
  }
}

/** SetupState of links that networkd does not configure: networkctl(1). */
const LET_GO = ['unmanaged', 'linger', 'pending'];

/**
 * What others must be asked before anything is done to the uplink. NetworkManager lets it go at once; systemd-networkd would delete what it has
 * configured there, and release the lease: it lets go when the uplink has nothing any more.
 */
export function releaseOwners(context: StepContext): Effect[] {
  const { plan, owners, uplink } = context;
  if (uplink === undefined || plan.owners == null) return [];
  const { linkPolicy, release } = plan.owners;
  const policy: Effect[] =
    linkPolicy === null || owners.linkPolicies.includes(linkPolicy.path)
      ? []
      : [{ op: 'link-policy.write', ...linkPolicy }];
  const shields = release
    .filter(owner => preparedOf(owner, owners) === 'no')
    .map((owner): Effect => ({ op: 'owner.shield', ...requestTo(owner, context, uplink) }));
  return [...policy, ...shields];
}

function preparedOf(owner: ManagerName, { networkManager, networkd }: OwnerFacts): Prepared {
  return owner === 'NetworkManager' ? networkManager.prepared : networkd.prepared;
}

function requestTo(owner: ManagerName, { plan, snapshot }: StepContext, uplink: LinkRef): OwnerRequest {
  const was = snapshot.owners?.networkd.uplink;
  const file = was?.networkFile ?? null;
  const profile = snapshot.owners?.networkManager.uplink?.connection;
  return {
    owner,
    link: { index: uplink.index, name: uplink.name },
    originalName: snapshot.link.name,
    hostPort: plan.names.hostPort,
    bridge: plan.names.bridge,
    network: file === null ? null : { file, text: was?.networkText ?? '' },
    profile: profile?.external === false ? profile.uuid : null,
  };
}

/** What goes on with the host port when the uplink has nothing any more: DNS settings and DHCP clients. */
export function handOver(context: StepContext): Effect[] {
  const { plan, uplink, hostPort, owners } = context;
  if (uplink === undefined || hostPort === undefined || plan.owners == null) return [];
  const { dns, dhcpClients, release } = plan.owners;
  return [
    ...release
      .filter(owner => !isForgotten(owner, context))
      .map((owner): Effect => ({ op: 'owner.release', ...requestTo(owner, context, uplink) })),
    ...(dns === null || isSameDns(dns, owners.hostPortDns)
      ? []
      : [{ op: 'dns.set', link: refOf(hostPort), dns } as const]),
    ...moveClients(dhcpClients, owners.dhcpClients, uplink, hostPort),
  ];
}

/** NetworkManager forgets only what is not there any more; where others have put addresses on the uplink it is left as it is. */
function isForgotten(owner: ManagerName, { owners, kernel, uplink }: StepContext): boolean {
  if (preparedOf(owner, owners) === 'released') return true;
  const isBare = !kernel.addresses.some(a => a.linkIndex === uplink?.index && isMovable(a));
  return owner === 'NetworkManager' && !isBare && owners.networkManager.prepared !== 'no';
}

/** Everything back to those who had it. */
export function returnOwners(context: StepContext): Effect[] {
  const { plan, snapshot, uplink, hostPort, owners } = context;
  if (plan.owners == null) return [];
  const { release, dhcpClients, linkPolicy } = plan.owners;
  const was = snapshot.owners;
  const policy: Effect[] =
    linkPolicy !== null && owners.linkPolicies.includes(linkPolicy.path)
      ? [{ op: 'link-policy.remove', path: linkPolicy.path }]
      : [];
  // An uplink that has vanished is nobody's, but files of ours would wait for one of its name.
  const link = uplink ?? { index: plan.uplinkIndex, name: snapshot.link.name };
  const returned = release
    .filter(owner => isAway(owner, owners, uplink !== undefined))
    .map((owner): Effect => ({ op: 'owner.return', ...requestTo(owner, context, link) }));
  if (uplink === undefined) return [...policy, ...returned];
  const from = hostPort ?? { index: 0, name: plan.names.hostPort ?? '' };
  const clients = moveClients(dhcpClients, owners.dhcpClients, from, uplink);
  // Who manages the link sets its DNS servers, too.
  const dns: Effect[] =
    release.length > 0 || was?.dns == null || isSameDns(was.dns, owners.dns)
      ? []
      : [{ op: 'dns.set', link: refOf(uplink), dns: was.dns }];
  return [...policy, ...returned, ...clients, ...dns];
}

/** True while a manager has not got the uplink back that it had. One that does not run finds it in its files when it starts. */
function isAway(owner: ManagerName, owners: OwnerFacts, isThere: boolean): boolean {
  if (preparedOf(owner, owners) === 'no') return false;
  return owner === 'systemd-networkd' || isThere;
}

/** Clients that do not serve the link yet on which their lease is now. */
function moveClients(wanted: readonly DhcpClient[], present: readonly DhcpClient[], from: LinkRef, to: Link): Effect[] {
  const servesIt = (client: DhcpClient): boolean =>
    present.some(p => p.program === client.program && p.family === client.family && p.link === to.name);
  return wanted
    .filter(client => client.link !== null && !servesIt(client))
    .map(client => ({
      op: 'dhcp.hand-over',
      client,
      from: { index: from.index, name: from.name },
      to: refOf(to),
    }));
}

function isSameDns(one: LinkDns, other: LinkDns | null): boolean {
  return (
    other !== null &&
    one.defaultRoute === other.defaultRoute &&
    one.servers.join() === other.servers.join() &&
    one.domains.join() === other.domains.join()
  );
}

/** How those who were asked to let the uplink go differ from before; one line each. What others do meanwhile is theirs. */
export function diffOwners(
  released: readonly ManagerName[],
  before: OwnerFacts | undefined,
  now: OwnerFacts,
): readonly string[] {
  if (before === undefined) return [];
  const lines: string[] = [];
  for (const owner of released) {
    const was = isManaging(owner, before);
    const is = isManaging(owner, now);
    if (was !== is) lines.push(`${owner} ${is ? 'manages it now' : 'does not manage it any more'}`);
  }
  const profile = before.networkManager.uplink?.connection ?? null;
  const active = now.networkManager.uplink?.connection ?? null;
  if (!released.includes('NetworkManager')) return lines;
  if (profile !== null && !profile.external && now.networkManager.state === 'running' && active?.uuid !== profile.uuid)
    lines.push(`NetworkManager's profile ${profile.id} is not active any more`);
  return lines;
}

/** Managers that hold the uplink again after they were asked to let it go; one line each. */
export function reclaimed({ plan, owners }: StepContext): readonly string[] {
  return (plan.owners?.release ?? [])
    .filter(owner => preparedOf(owner, owners) === 'no')
    .map(owner => `${owner} manages ${plan.names.uplink} again`);
}
