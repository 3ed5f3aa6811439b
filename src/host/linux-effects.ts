import { IFA_F_NODAD, isLinkLocal } from '../domain/address.ts';
import type { Effect, EffectResult, LinkRef, OwnerEffect } from '../domain/effect.ts';
import { isOwnerEffect } from '../domain/effect.ts';
import { standsOn } from '../domain/link.ts';
import { isUplinkError, toFailure, uplinkError } from '../errors.ts';
import type { IngressDrops, Netlink, NetlinkRequest } from '../netlink/index.ts';
import {
  addAddressRequest,
  addAltnameRequest,
  addRouteRequest,
  addRuleRequest,
  announceAddresses,
  deleteLinkRequest,
  openOvsDatapaths,
  removeAddressRequest,
  removeAltnameRequest,
  removeNeighbourRequest,
  removeRouteRequest,
  removeRuleRequest,
  setLinkRequest,
  setNeighbourRequest,
} from '../netlink/index.ts';

/** The request of an effect that is one rtnetlink message; undefined for the others. */
function requestOf(effect: Effect): NetlinkRequest | undefined {
  switch (effect.op) {
    case 'link.set': {
      const { op, link, ...change } = effect;
      return setLinkRequest(link.index, change);
    }
    case 'link.delete':
      return deleteLinkRequest(effect.link.index);
    case 'altname.add':
      return addAltnameRequest(effect.link.index, effect.altname);
    case 'altname.remove':
      return removeAltnameRequest(effect.link.index, effect.altname);
    case 'address.add':
      return addAddressRequest(effect.address, 'create');
    case 'address.replace':
      return addAddressRequest(effect.address, 'replace');
    case 'address.remove':
      return removeAddressRequest(effect.address);
    case 'route.add':
      return addRouteRequest(effect.route, 'create');
    case 'route.append':
      return addRouteRequest(effect.route, 'append');
    case 'route.prepend':
      return addRouteRequest(effect.route, 'prepend');
    case 'route.replace':
      return addRouteRequest(effect.route, 'replace');
    case 'route.remove':
      return removeRouteRequest(effect.route);
    case 'rule.add':
      return addRuleRequest(effect.rule);
    case 'rule.remove':
      return removeRuleRequest(effect.rule);
    case 'neighbour.set':
      return setNeighbourRequest(effect.neighbour);
    case 'neighbour.remove':
      return removeNeighbourRequest(effect.neighbour);
    default:
      return undefined;
  }
}

/** Effects on OVSDB, which the kernel side leaves to another. */
export type OvsEffect = Extract<Effect, { op: `ovs.${string}` }>;

/** True for effects on OVSDB. */
export function isOvsEffect(effect: Effect): effect is OvsEffect {
  return effect.op.startsWith('ovs.');
}

/** What effects are carried out with. */
export interface Means {
  readonly netlink: Netlink;
  /** Commits to OVSDB; resolves to the `next_cfg` to wait for. */
  readonly commit: (effect: OvsEffect) => Promise<number>;
  /** Asks who manages links. */
  readonly askOwner: (effect: OwnerEffect) => Promise<EffectResult>;
  /** Descriptor of the network namespace that a link is moved to. */
  readonly netnsFd: (to: string) => number;
  /** Writes a per-link sysctl of the namespace. */
  readonly writeSysctl: (linkName: string, key: string, value: string) => Promise<void>;
  /** Opened with the first use. */
  readonly drops: () => IngressDrops;
  /** Gets ready to wait for ovs-vswitchd, then runs the work with what waits until it has passed on all it had received. */
  readonly withDrain: (work: (drain: () => Promise<void>) => Promise<void>) => Promise<void>;
}

/**
 * Carries effects out in order. Neighbouring rtnetlink ones go out in one batch, in which a refused one does not stop the others;
 * a refused effect of another kind stops what follows.
 */
export async function applyEffects(
  effects: readonly Effect[],
  means: Means,
  signal: AbortSignal,
): Promise<readonly EffectResult[]> {
  const { netlink } = means;
  const results: EffectResult[] = [];
  for (let next = 0; next < effects.length; ) {
    signal.throwIfAborted();
    const requests: NetlinkRequest[] = [];
    for (const effect of effects.slice(next)) {
      const request = requestOf(effect);
      if (request === undefined) break;
      requests.push(request);
    }
    if (requests.length > 0) {
      for (const result of await netlink.batch(requests)) {
        results.push(result.ok ? result : { ok: false, failure: toFailure(result.error) });
      }
      next += requests.length;
      continue;
    }
    const effect = effects[next];
    if (effect === undefined) break;
    try {
      const result = isOwnerEffect(effect) ? await means.askOwner(effect) : await applyOne(effect, means);
      results.push(result);
      if (!result.ok) return results;
    } catch (error) {
      signal.throwIfAborted();
      results.push({ ok: false, failure: toFailure(error) });
      return results;
    }
    next += 1;
  }
  return results;
}

async function applyOne(
  effect: Effect,
  { netlink, netnsFd, writeSysctl, drops, commit, withDrain }: Means,
): Promise<EffectResult> {
  if (isOvsEffect(effect)) return { ok: true, nextCfg: await commit(effect) };
  switch (effect.op) {
    case 'link.rename':
      await renameLink(netlink, effect.link, effect.to);
      break;
    case 'link.move':
      await netlink.setLink(effect.link.index, {
        netnsFd: netnsFd(effect.to),
        ...(effect.name !== null && { name: effect.name }),
        ...(effect.up === true && { up: true }),
        ...(effect.index !== undefined && { newIndex: effect.index }),
      });
      break;
    case 'sysctl.write':
      await writeSysctl(effect.link.name, effect.key, effect.value);
      break;
    case 'ingress.mute':
      await drops().add(effect.link.name);
      break;
    case 'ingress.unmute':
      await drops().remove(effect.link.name);
      break;
    case 'ingress.hand-over':
      if (effect.drain) await withDrain(drain => drops().move(effect.from.name, effect.to.name, drain));
      else await drops().move(effect.from.name, effect.to.name);
      break;
    case 'announce':
      await announce(netlink, effect);
      break;
    case 'vport.delete':
      await deleteVport(effect.port);
      break;
    default:
      throw uplinkError('DEFECT', { what: 'no way to carry out an effect', object: effect.op });
  }
  return { ok: true };
}

/**
 * Live where the kernel can: that keeps everything. EBUSY is a kernel before 6.2, which wants the link down (F-10). What that flushes is put back by
 * the step that follows, but the IPv6 link-local addresses at once: with the link up the kernel would make its own and test it for a second.
 */
async function renameLink(netlink: Netlink, link: LinkRef, to: string): Promise<void> {
  try {
    await netlink.setLink(link.index, { name: to });
  } catch (error) {
    if (!isUplinkError(error) || error.details.errnoName !== 'EBUSY') throw error;
    // Those would lose their routes and IPv6 addresses, which nobody has written down.
    if ((await netlink.links()).some(other => standsOn(other, link))) throw error;
    const linkLocal = (await netlink.addresses({ family: 6, linkIndex: link.index })).filter(isLinkLocal);
    await netlink.setLink(link.index, { up: false });
    try {
      await netlink.setLink(link.index, { name: to });
    } finally {
      const again = linkLocal.map(a => addAddressRequest({ ...a, flags: a.flags | IFA_F_NODAD }, 'create'));
      // With keep_addr_on_down they are still there (EEXIST), which is as good.
      await netlink.batch(again);
      await netlink.setLink(link.index, { up: true });
    }
  }
}

async function announce(netlink: Netlink, effect: Extract<Effect, { op: 'announce' }>): Promise<void> {
  const link = await netlink.linkByIndex(effect.link.index);
  if (link === undefined) return;
  const addresses = effect.addresses.map(local => ({
    family: local.includes(':') ? (6 as const) : (4 as const),
    local,
  }));
  announceAddresses(link, addresses);
}

async function deleteVport(port: string): Promise<void> {
  await using datapaths = await openOvsDatapaths();
  if (datapaths === undefined) return;
  for (const datapath of await datapaths.datapaths()) {
    const vport = (await datapaths.vports(datapath.index)).find(v => v.name === port);
    if (vport !== undefined) await datapaths.deleteVport({ datapathIndex: datapath.index, name: port });
  }
}
