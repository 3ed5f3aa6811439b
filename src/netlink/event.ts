import type { Address } from '../domain/address.ts';
import type { Link } from '../domain/link.ts';
import type { Neighbour } from '../domain/neighbour.ts';
import type { Route } from '../domain/route.ts';
import type { Rule } from '../domain/rule.ts';
import { decodeAddress } from './address-codec.ts';
import { decodeLink } from './link-codec.ts';
import { decodeNeighbour } from './neighbour-codec.ts';
import { decodeNetnsId } from './netns-id.ts';
import { decodeRoute } from './route-codec.ts';
import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_DELNSID,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  RTM_NEWRULE,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV6_RULE,
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  RTNLGRP_NSID,
} from './rtnetlink.ts';
import { decodeRule } from './rule-codec.ts';
import { NLM_F_REPLACE, type Wire } from './wire.ts';

/** What may be subscribed to; both IP families each. */
export type NetlinkGroup = 'link' | 'address' | 'route' | 'rule' | 'neighbour' | 'nsid';

/**
 * A change in the kernel, in the kernel's order. `changed` stands for new and changed alike, as rtnetlink does.
 * `resync`: notifications were lost (overrun) or could not be decoded (malformed), so dump again what you keep.
 */
export type NetlinkEvent =
  | { readonly type: 'link.changed' | 'link.removed'; readonly link: Link }
  | { readonly type: 'address.changed' | 'address.removed'; readonly address: Address }
  /** `replaced`: the route took the place of the one with the same key (NLM_F_REPLACE). */
  | { readonly type: 'route.changed'; readonly route: Route; readonly replaced: boolean }
  | { readonly type: 'route.removed'; readonly route: Route }
  | { readonly type: 'rule.changed' | 'rule.removed'; readonly rule: Rule }
  | { readonly type: 'neighbour.changed' | 'neighbour.removed'; readonly neighbour: Neighbour }
  | { readonly type: 'nsid.changed' | 'nsid.removed'; readonly netnsId: number }
  | { readonly type: 'resync'; readonly reason: 'overrun' | 'malformed' };

/** RTNLGRP_* numbers of each group. */
export const GROUP_NUMBERS: Readonly<Record<NetlinkGroup, readonly number[]>> = {
  link: [RTNLGRP_LINK],
  address: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR],
  route: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE],
  rule: [RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE],
  neighbour: [RTNLGRP_NEIGH],
  nsid: [RTNLGRP_NSID],
};

/** Decodes one notification; undefined for those that say nothing here. Throws NETLINK_MALFORMED. */
export function decodeEvent(wire: Wire, type: number, at: number, end: number): NetlinkEvent | undefined {
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      const link = decodeLink(wire, at, end);
      return link && { type: type === RTM_NEWLINK ? 'link.changed' : 'link.removed', link };
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const address = decodeAddress(wire, at, end);
      return address && { type: type === RTM_NEWADDR ? 'address.changed' : 'address.removed', address };
    }
    case RTM_NEWROUTE: {
      const route = decodeRoute(wire, at, end);
      const replaced = (wire.u16[(at + 6) >> 1]! & NLM_F_REPLACE) !== 0;
      return route && { type: 'route.changed', route, replaced };
    }
    case RTM_DELROUTE: {
      const route = decodeRoute(wire, at, end);
      return route && { type: 'route.removed', route };
    }
    case RTM_NEWRULE:
    case RTM_DELRULE: {
      const rule = decodeRule(wire, at, end);
      return rule && { type: type === RTM_NEWRULE ? 'rule.changed' : 'rule.removed', rule };
    }
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
      const neighbour = decodeNeighbour(wire, at, end);
      return neighbour && { type: type === RTM_NEWNEIGH ? 'neighbour.changed' : 'neighbour.removed', neighbour };
    }
    case RTM_NEWNSID:
    case RTM_DELNSID:
      return { type: type === RTM_NEWNSID ? 'nsid.changed' : 'nsid.removed', netnsId: decodeNetnsId(wire, at, end) };
    default:
      return undefined;
  }
}
