import { IFA_F_NODAD, isLinkLocal } from '../../../domain/address.ts';
import type { EffectResult } from '../../../domain/effect.ts';
import type { Failure } from '../../../errors.ts';
import { handOver, muteLink, unmuteLink } from './ingress.ts';
import { addIpv4Address, removeIpv4Address } from './ipv4-addresses.ts';
import { addIpv4Route, removeIpv4Route } from './ipv4-routes.ts';
import { addIpv6Address } from './ipv6-addresses.ts';
import { removeIpv6Address } from './ipv6-removal.ts';
import { addIpv6Route, removeIpv6Route } from './ipv6-routes.ts';
import type { KernelEffect } from './kernel-model.ts';
import { addAltname, deleteLink, removeAltname, renameLink, setLink } from './links.ts';
import type { Namespace } from './namespace.ts';
import { removeNeighbour, setNeighbour } from './neighbours.ts';
import type { Refusal } from './refusal.ts';
import { refusedEffect } from './refused-effect.ts';
import { addRule, removeRule } from './rules.ts';
import { writeSysctl } from './sysctls.ts';

const DONE: EffectResult = { ok: true };

/** Carries out one effect with the semantics of `LinuxHost.apply` (linux-effects.ts). */
export function applyEffect(ns: Namespace, effect: KernelEffect): EffectResult {
  const failure = carryOut(ns, effect);
  return failure === null ? DONE : { ok: false, failure };
}

function carryOut(ns: Namespace, effect: KernelEffect): Failure | null {
  switch (effect.op) {
    case 'ingress.mute':
      return muteLink(ns, effect.link.name);
    case 'ingress.unmute':
      unmuteLink(ns, effect.link.name);
      return null;
    case 'ingress.hand-over':
      return handOver(ns, effect.from.name, effect.to.name);
    case 'announce':
      return null;
    default: {
      const refusal = request(ns, effect);
      return refusal === null ? null : refusedEffect(effect, refusal);
    }
  }
}

type Requested = Exclude<KernelEffect, { op: `ingress.${string}` | 'announce' }>;

function request(ns: Namespace, effect: Requested): Refusal | null {
  switch (effect.op) {
    case 'link.rename':
      return renameLink(ns, effect.link.index, effect.to, linkIndex => keepLinkLocal(ns, linkIndex));
    case 'link.set':
      return setLink(ns, effect.link.index, effect);
    case 'link.delete':
      return deleteLink(ns, effect.link.index);
    case 'altname.add':
      return addAltname(ns, effect.link.index, effect.altname);
    case 'altname.remove':
      return removeAltname(ns, effect.link.index, effect.altname);
    case 'sysctl.write':
      return writeSysctl(ns, effect.link.name, effect.key, effect.value);
    case 'address.add':
    case 'address.replace': {
      const add = effect.address.family === 4 ? addIpv4Address : addIpv6Address;
      return add(ns, effect.address, effect.op === 'address.add' ? 'create' : 'replace');
    }
    case 'address.remove':
      return (effect.address.family === 4 ? removeIpv4Address : removeIpv6Address)(ns, effect.address);
    case 'route.add':
    case 'route.append':
    case 'route.prepend':
    case 'route.replace': {
      const mode = (
        {
          'route.add': 'create',
          'route.append': 'append',
          'route.prepend': 'prepend',
          'route.replace': 'replace',
        } as const
      )[effect.op];
      return (effect.route.family === 4 ? addIpv4Route : addIpv6Route)(ns, effect.route, mode);
    }
    case 'route.remove':
      return (effect.route.family === 4 ? removeIpv4Route : removeIpv6Route)(ns, effect.route);
    case 'rule.add':
      return addRule(ns, effect.rule);
    case 'rule.remove':
      return removeRule(ns, effect.rule);
    case 'neighbour.set':
      return setNeighbour(ns, effect.neighbour);
    case 'neighbour.remove':
      return removeNeighbour(ns, effect.neighbour);
  }
}

/** Notes the IPv6 link-local addresses of a link; what it returns adds them again, without duplicate address detection. */
function keepLinkLocal(ns: Namespace, linkIndex: number): () => void {
  const kept = (ns.node(linkIndex)?.ipv6 ?? []).map(held => held.address).filter(isLinkLocal);
  return () => {
    for (const address of kept) addIpv6Address(ns, { ...address, flags: address.flags | IFA_F_NODAD }, 'create');
  };
}
