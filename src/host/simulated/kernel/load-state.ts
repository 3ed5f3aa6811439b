import type { KernelState } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import { IFF_LOWER_UP, isUp } from '../../../domain/link.ts';
import type { LinkSysctls } from '../../../domain/snapshot.ts';
import { resumeIpv4Lifetimes } from './ipv4-addresses.ts';
import { setExpiry } from './ipv6-routes.ts';
import { resumeIpv6 } from './ipv6-up-down.ts';
import { hold } from './lifetimes.ts';
import type { LinkNode, Namespace } from './namespace.ts';
import { hasMtuForIpv6, tellsOperState } from './namespace.ts';
import { holdRule } from './rules.ts';

/** Takes a dump as the present state; lifetimes and duplicate address detection go on from here. */
export function loadState(ns: Namespace, state: KernelState, sysctls: Readonly<Record<string, LinkSysctls>>): void {
  for (const link of state.links) {
    const hasCarrier = carrierOf(link, state);
    const node: LinkNode = {
      link,
      hasCarrier,
      hasOperState: tellsOperState(link),
      ipv4: [],
      ipv6: [],
      hasIpv6: hasMtuForIpv6(link),
      isReady: isUp(link) && hasCarrier,
      sysctls: sysctls[link.name] ?? {},
      sysctlsRead: undefined,
    };
    ns.insertNode(node);
  }
  for (const address of state.addresses) {
    const node = ns.node(address.linkIndex);
    (address.family === 4 ? node?.ipv4 : node?.ipv6)?.push(hold(address));
  }
  ns.setIpv4Routes(state.routes.filter(route => route.family === 4));
  ns.setIpv6Routes(state.routes.filter(route => route.family === 6));
  ns.rules = state.rules.map(rule => holdRule(ns, rule));
  ns.setNeighbours(state.neighbours);
  const now = ns.clock.now();
  for (const route of ns.ipv6Routes) {
    if (route.expiresS !== null) setExpiry(ns, route, now + route.expiresS * 1000);
  }
  for (const node of ns.nodes) {
    resumeIpv4Lifetimes(ns, node);
    resumeIpv6(ns, node);
  }
}

/** What the wire says. A veth that is down has no carrier of its own, but gets one as soon as both ends are up. */
function carrierOf(link: Link, state: KernelState): boolean {
  const peer = link.kind === 'veth' && link.lower !== null ? link.lower : null;
  if (peer !== null && link.lowerNetnsId === null) {
    return state.links.some(other => other.index === peer && isUp(other));
  }
  if (isUp(link)) return (link.flags & IFF_LOWER_UP) !== 0;
  return peer !== null || link.carrier !== false;
}
