import { performance } from 'node:perf_hooks';
import { type Address, plainAddress } from '../../domain/address.ts';
import type { EffectResult, LinkRef, OwnerEffect } from '../../domain/effect.ts';
import type { Link } from '../../domain/link.ts';
import type { ManagerName, OwnerFacts } from '../../domain/owners.ts';
import { toFailure, uplinkError } from '../../errors.ts';
import type { Netlink } from '../../netlink/index.ts';
import { removeLinkPolicy, writeLinkPolicy } from '../linux-link-policy.ts';
import { createBusLink } from './bus-link.ts';
import { readConfigurations } from './configurations/read-configurations.ts';
import { readLinkPolicies } from './link-policies.ts';
import { readNetworkManager } from './network-manager/read-network-manager.ts';
import { forgetInNetworkManager, setManaged, shieldFromNetworkManager } from './network-manager/release.ts';
import { returnToNetworkManager } from './network-manager/return.ts';
import { watchNetworkManager } from './network-manager/watch.ts';
import { releaseFromNetworkd, returnToNetworkd, shieldFromNetworkd } from './networkd/hand-over.ts';
import { readNetworkd } from './networkd/read-networkd.ts';
import { readDhcpClients } from './processes/dhcp-clients.ts';
import { handOverDhcpClients } from './processes/hand-over-dhcp.ts';
import { readTeamd } from './processes/teamd.ts';
import { relativesOf } from './relatives.ts';
import { readLinkDns, setLinkDns } from './resolved/link-dns.ts';

/** Which links to ask about. */
export interface OwnersQuery {
  readonly uplink: LinkRef;
  readonly hostPort: LinkRef | null;
  /** All links of the namespace: relatives of the uplink are among them. */
  readonly links: readonly Link[];
}

/** Who else manages links on this host. */
export interface Owners extends AsyncDisposable {
  /** Asks everybody at the same time; what does not answer in time is told as silent. Never rejects. */
  read(query: OwnersQuery): Promise<OwnerFacts>;
  /** Carries out one effect; a failure is a result. */
  apply(effect: OwnerEffect, signal: AbortSignal): Promise<EffectResult>;
}

/** Opens nothing before the first question. `tell` hears when a manager may have taken a link, or let it go. */
export function createOwners(netlink: Netlink, tell: (owner: ManagerName) => void): Owners {
  const link = createBusLink(bus => watchNetworkManager(bus, () => tell('NetworkManager')));

  async function read({ uplink, hostPort, links }: OwnersQuery): Promise<OwnerFacts> {
    const startedAt = performance.now();
    const relatives = relativesOf(uplink.index, links);
    const own = links.find(one => one.index === uplink.index);
    const names = relatives.map(({ name }) => name);
    const ends = hostPort === null ? [uplink] : [uplink, hostPort];
    const identity = { name: uplink.name, mac: own?.mac ?? null, permanentMac: own?.permanentMac ?? null };
    // Who works without the bus is asked meanwhile: one that hangs takes its whole limit.
    const ofProcesses = Promise.all([
      readDhcpClients(ends),
      readTeamd(uplink.name, names),
      readConfigurations(identity),
    ]);
    const linkPolicies = readLinkPolicies();
    const bus = await link.reach();
    const isReached = typeof bus !== 'string';
    const dnsOf = async (index: number | undefined) =>
      isReached && index !== undefined ? readLinkDns(index, bus) : null;
    const [networkManager, networkd, dns, hostPortDns, [dhcpClients, teamd, configurations]] = await Promise.all([
      readNetworkManager({ ...uplink, mac: identity.mac }, relatives, { bus }),
      readNetworkd(uplink, isReached ? { bus } : {}),
      dnsOf(uplink.index),
      dnsOf(hostPort?.index),
      ofProcesses,
    ]);
    return {
      networkManager,
      networkd,
      dhcpClients,
      teamd,
      configurations,
      dns,
      hostPortDns,
      linkPolicies: await linkPolicies,
      readMs: performance.now() - startedAt,
    };
  }

  async function carryOut(effect: OwnerEffect, signal: AbortSignal): Promise<void> {
    switch (effect.op) {
      case 'link-policy.write':
        await writeLinkPolicy(effect.path, effect.text, { signal });
        return;
      case 'link-policy.remove':
        await removeLinkPolicy(effect.path, { signal });
        return;
      case 'dhcp.hand-over': {
        const [outcome] = await handOverDhcpClients([effect.client], effect, { netlink }, signal);
        if (outcome?.result === 'refused') {
          throw uplinkError('OWNER_REFUSED', { what: outcome.refusal.text, object: effect.client.program });
        }
        return;
      }
      case 'dns.set': {
        const bus = await link.reach();
        if (typeof bus === 'string')
          throw uplinkError('OWNER_UNREACHABLE', { what: 'systemd-resolved does not answer' });
        await setLinkDns(effect.link.index, effect.dns, bus, signal);
        return;
      }
      case 'owner.shield':
      case 'owner.release':
      case 'owner.return':
        await ask(effect, signal);
    }
  }

  async function ask(effect: Extract<OwnerEffect, { op: `owner.${string}` }>, signal: AbortSignal): Promise<void> {
    const bus = await link.reach();
    if (effect.owner === 'systemd-networkd') {
      const means = typeof bus === 'string' ? {} : { bus };
      if (effect.op === 'owner.shield') await shieldFromNetworkd(effect, means, signal);
      else if (effect.op === 'owner.release') await releaseFromNetworkd(effect, means, signal);
      else await returnToNetworkd(effect, means, signal);
      return;
    }
    if (effect.op === 'owner.return') {
      await returnToNetworkManager(effect.link, effect.profile, { bus, touch }, signal);
      return;
    }
    if (effect.op === 'owner.shield') {
      await shieldFromNetworkManager(effect.link, { bus }, signal);
      return;
    }
    await setManaged(effect.link, false, { bus }, signal);
    await forgetInNetworkManager(effect.link, { bus }, signal);
  }

  /** NetworkManager looks who has configured a device when an address of it changes. */
  async function touch({ index }: LinkRef): Promise<void> {
    const address = linkLocalOf(index);
    await netlink.addAddress(address, 'create');
    await netlink.removeAddress(address);
  }

  return {
    read,
    async apply(effect, signal) {
      try {
        await carryOut(effect, signal);
        return { ok: true };
      } catch (error) {
        signal.throwIfAborted();
        return { ok: false, failure: toFailure(error) };
      }
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

/** An IPv4 link-local address that nothing else uses: RFC 3927 reserves the last 256. */
function linkLocalOf(linkIndex: number): Address {
  return { ...plainAddress(linkIndex, '169.254.255.254', 32), scope: 253 };
}
