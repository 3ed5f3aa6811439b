/** rtnetlink for one network namespace, and what goes with it: nf_tables, announcements, the OVS kernel datapath. */
export { addAddressRequest, removeAddressRequest } from './address-codec.ts';
export { type AnnounceOptions, announceAddresses } from './announce.ts';
export { bindMount, unmount } from './bind-mount.ts';
export { errnoName } from './errno.ts';
export type { NetlinkEvent, NetlinkGroup } from './event.ts';
export type { LinkChange, LinkSpec } from './link-requests.ts';
export {
  addAltnameRequest,
  createLinkRequest,
  deleteLinkRequest,
  removeAltnameRequest,
  setLinkRequest,
} from './link-requests.ts';
export { NTF_PROXY, NTF_USE, removeNeighbourRequest, setNeighbourRequest } from './neighbour-codec.ts';
export type { Netlink, NetlinkOptions } from './netlink.ts';
export { runInNetns } from './netns.ts';
export { createNetnsThread, type NetnsThread } from './netns-thread.ts';
export type { NexthopObject } from './nexthop-object.ts';
export { INGRESS_DROP_TABLE, type IngressDrops, type NftablesOptions, openIngressDrops } from './nftables.ts';
export { openNetlink, openNetlinkFrom } from './open-netlink.ts';
export { type OvsDatapaths, openOvsDatapaths } from './ovs-datapath.ts';
export type { Datapath, Vport, VportTarget } from './ovs-datapath-codec.ts';
export type { ProbeResult, ProbeTarget } from './probe-neighbour.ts';
export type { NetlinkRequest, NetlinkResult } from './request.ts';
export type { RouteColumns } from './route-columns.ts';
export { addRouteRequest, type RouteMode, removeRouteRequest } from './route-requests.ts';
export { addRuleRequest, removeRuleRequest } from './rule-codec.ts';
export type { NetlinkSubscription } from './subscription.ts';
export { writeSysctl } from './sysctl.ts';
