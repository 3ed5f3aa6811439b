import { formatAddress } from '../../../domain/address.ts';
import { formatRoute } from '../../../domain/route.ts';
import type { Failure } from '../../../errors.ts';
import type { KernelEffect } from './kernel-model.ts';
import type { Refusal } from './refusal.ts';

/** The failure that `LinuxHost` makes of the kernel's answer: the same words, object, errno and extended-ack text. */
export function refusedEffect(effect: KernelEffect, refusal: Refusal): Failure {
  const { errno, errnoName, extAck } = refusal;
  const said = { errno, errnoName, ...(extAck === null ? {} : { extAck }) };
  if (effect.op === 'sysctl.write') {
    const [family, group, , name] = effect.key.split('/');
    const object = `/proc/sys/net/${family}/${group}/${effect.link.name}/${name}`;
    return { code: 'NETLINK_REFUSED', what: 'cannot write sysctl', object, expected: effect.value, ...said };
  }
  return { code: 'NETLINK_REFUSED', ...describe(effect), ...said };
}

function describe(effect: KernelEffect): { what: string; object: string } {
  switch (effect.op) {
    case 'link.set': {
      const { op, link, ...change } = effect;
      const said = Object.entries(change).map(([key, value]) => `${key} ${value}`);
      return { what: `cannot set ${said.join(', ')}`, object: `link ${link.index}` };
    }
    case 'link.rename':
      return { what: `cannot set name ${effect.to}`, object: `link ${effect.link.index}` };
    case 'link.delete':
      return { what: 'cannot delete link', object: `link ${effect.link.index}` };
    case 'altname.add':
      return { what: `cannot add altname ${effect.altname}`, object: `link ${effect.link.index}` };
    case 'altname.remove':
      return { what: `cannot remove altname ${effect.altname}`, object: `link ${effect.link.index}` };
    case 'address.add':
    case 'address.replace':
    case 'address.remove': {
      const what = effect.op === 'address.remove' ? 'cannot remove address' : 'cannot add address';
      return { what, object: `${formatAddress(effect.address)} on link ${effect.address.linkIndex}` };
    }
    case 'route.add':
    case 'route.append':
    case 'route.prepend':
    case 'route.replace':
      return { what: 'cannot add route', object: formatRoute(effect.route) };
    case 'route.remove':
      return { what: 'cannot remove route', object: formatRoute(effect.route) };
    case 'rule.add':
    case 'rule.remove': {
      const { family, priority, from } = effect.rule;
      const what = effect.op === 'rule.add' ? 'cannot add rule' : 'cannot remove rule';
      return { what, object: `IPv${family} rule ${priority} from ${from ?? 'all'}` };
    }
    case 'neighbour.set':
    case 'neighbour.remove': {
      const what = effect.op === 'neighbour.set' ? 'cannot set neighbour' : 'cannot remove neighbour';
      return { what, object: `${effect.neighbour.address} on link ${effect.neighbour.linkIndex}` };
    }
    default:
      return { what: effect.op, object: '' };
  }
}
