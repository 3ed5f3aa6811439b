import type { Failure } from '../errors.ts';
import type { Effect } from './effect.ts';
import { HOME } from './effect.ts';

/**
 * True when a refusal only says that the effect was done before: effects are *ensure* operations, and what is removed twice, or added
 * twice alike, is as it should be. Whether it is alike is seen when the step looks again.
 */
export function isAlreadyDone(effect: Effect, failure: Failure): boolean {
  if (failure.code !== 'NETLINK_REFUSED') return false;
  const errno = failure.errnoName;
  switch (effect.op) {
    case 'address.remove':
      // Removing a primary takes its secondaries along (F-50).
      return errno === 'EADDRNOTAVAIL' || errno === 'ENODEV';
    case 'route.remove':
      return errno === 'ESRCH' || errno === 'ENODEV';
    case 'rule.remove':
    case 'neighbour.remove':
    case 'altname.remove':
      return errno === 'ENOENT' || errno === 'ENODEV';
    case 'link.delete':
    case 'vport.delete':
      return errno === 'ENODEV' || errno === 'ENOENT';
    case 'address.add':
    case 'route.add':
    case 'route.append':
    case 'route.prepend':
    case 'rule.add':
    case 'altname.add':
      return errno === 'EEXIST';
    default:
      return false;
  }
}

/**
 * True when looking again may show a way: a rename that meets a name which udev has just given to the link as an altname (F-06) finds it
 * in the next look.
 */
export function isWorthAnotherLook(effect: Effect, failure: Failure): boolean {
  if (effect.op === 'link.rename') return failure.errnoName === 'EEXIST';
  // Its name or ifindex was taken at home since we looked: the kernel has left the link where it was.
  return effect.op === 'link.move' && effect.to === HOME && ['EEXIST', 'EBUSY'].includes(failure.errnoName ?? '');
}
