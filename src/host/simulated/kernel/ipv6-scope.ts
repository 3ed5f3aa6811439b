import { isLinkLocal } from '../../../domain/address.ts';
import type { LinkNode } from './namespace.ts';
import { speaksIpv6 } from './namespace.ts';

const RT_SCOPE_SITE = 200;

/** RT_SCOPE_LINK */
export const RT_SCOPE_LINK = 253;

const RT_SCOPE_HOST = 254;

/** A sysctl of `ipv6/conf`. */
export const ipv6Sysctl = (node: LinkNode, name: string): string | undefined =>
  node.sysctls[`ipv6/conf/{link}/${name}`];

/** True where somebody has switched IPv6 off by sysctl. */
export const isDisabled = (node: LinkNode): boolean => node.hasIpv6 && !speaksIpv6(node);

/** The RT_SCOPE_* that the kernel gives an address, whatever the request says. */
export function scopeOf(address: string): number {
  if (isLinkLocal({ family: 6, local: address })) return RT_SCOPE_LINK;
  if (address === '::1') return RT_SCOPE_HOST;
  return /^fe[cdef]/i.test(address) ? RT_SCOPE_SITE : 0;
}
