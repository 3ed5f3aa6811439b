import type { Finding } from '../finding.ts';
import type { Link } from '../link.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about links that sit on the uplink. Those that were moved to another namespace are not seen. */
export const UPPER_LINK_RULES: readonly UplinkRule[] = [checkReceiveHandler, checkVlans, checkTunnels];

/** They register an rx_handler on the lower link; a second one is EBUSY. */
const RX_HANDLER_KINDS = ['macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'macsec'];

/** Those that show their lower link in IFLA_LINK; VXLAN does not. */
const TUNNEL_KINDS = [
  'gre',
  'gretap',
  'ip6gre',
  'ip6gretap',
  'erspan',
  'ip6erspan',
  'ipip',
  'sit',
  'ip6tnl',
  'vti',
  'vti6',
];

/** Links whose IFLA_LINK is the uplink, in this namespace. A veth's IFLA_LINK is its peer, not what it sits on. */
function upperLinks({ kernel, uplink }: UplinkContext, kinds: readonly string[]): readonly Link[] {
  return kernel.links.filter(
    link =>
      link.lower === uplink.index && link.lowerNetnsId === null && link.kind !== null && kinds.includes(link.kind),
  );
}

function describe(links: readonly Link[]): string {
  return listed(links.map(link => `${link.name} (${link.kind})`));
}

function checkReceiveHandler(context: UplinkContext): readonly Finding[] {
  const holders = upperLinks(context, RX_HANDLER_KINDS);
  const first = holders[0];
  if (first === undefined) return [];
  return [
    finding('uplink-has-rx-handler', {
      message: `${context.uplink.name} carries ${describe(holders)}, and a link has only one receive handler: the kernel would refuse it to OVS (EBUSY)`,
      culprit: first.name,
      advice: `remove ${listed(holders.map(link => link.name))}, or make them on another link`,
    }),
  ];
}

/** The kernel takes VLAN frames out before the receive handler runs, so they never reach the bridge (F-100). */
function checkVlans(context: UplinkContext): readonly Finding[] {
  const vlans = upperLinks(context, ['vlan']);
  const first = vlans[0];
  if (first === undefined) return [];
  const { name } = context.uplink;
  if (context.datapath === 'netdev' && context.names.hostPort !== null) {
    return [
      finding('vlan-would-be-muted', {
        message: `${name} carries ${describe(vlans)}: with the netdev datapath the kernel must drop what arrives on ${name}, their frames too`,
        culprit: first.name,
        advice: 'take --datapath system, or make the VLANs internal ports of the bridge first',
      }),
    ];
  }
  return [
    finding('uplink-has-vlan', {
      message: `${name} carries ${describe(vlans)}: they go on working beside the bridge, but their frames never reach it`,
      culprit: first.name,
      advice: 'if the bridge needs these VLANs, make them internal ports with a tag instead',
    }),
  ];
}

function checkTunnels(context: UplinkContext): readonly Finding[] {
  const tunnels = upperLinks(context, TUNNEL_KINDS);
  const first = tunnels[0];
  if (first === undefined || context.names.hostPort === null) return [];
  return [
    finding('uplink-has-tunnel', {
      message: `${describe(tunnels)} is bound to ${context.uplink.name}, which will have neither address nor route`,
      culprit: first.name,
      advice: `bind it to ${context.names.hostPort} after the migration, or to no link at all`,
    }),
  ];
}
