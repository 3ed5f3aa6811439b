import { formatAddress } from '../address.ts';
import type { Finding } from '../finding.ts';
import { linkByName } from '../kernel-state.ts';
import { isMarked, MARK_ID, MARK_UPLINK } from '../ovs-state.ts';
import { isMovable } from '../steps/addresses.ts';
import type { PrecheckContext, RequestRule } from './context.ts';
import { listed, usesForeignBridge } from './context.ts';
import { finding } from './finding-codes.ts';
import { interfacesOf, OTHER_UPLINK_RULES } from './other-uplinks.ts';

/** Rules about a bridge that exists already. */
export const BRIDGE_RULES: readonly RequestRule[] = [
  checkBridgeOwner,
  checkBridgeExists,
  checkBridgeLocalPort,
  checkBridgeDatapath,
  checkFailMode,
  checkControllers,
  ...OTHER_UPLINK_RULES,
  checkPortMtus,
  checkLocalPortAddresses,
];

function checkBridgeOwner({ bridge, request, ownJournal }: PrecheckContext): readonly Finding[] {
  if (bridge === undefined) return [];
  const { name } = bridge;
  if (!isMarked(bridge)) {
    if (request.useExistingBridge) return [];
    return [
      finding('bridge-not-ours', {
        message: `the bridge ${name} exists and was not made by ovs-uplink`,
        culprit: name,
        advice: 'choose another name, or let it be used with --use-existing-bridge',
      }),
    ];
  }
  const owner = bridge.externalIds[MARK_UPLINK];
  // Also with --use-existing-bridge: restoring the other migration removes the bridge under this one.
  if (owner !== request.uplink) {
    return [
      finding('bridge-of-other-migration', {
        message: `the bridge ${name} belongs to the migration of ${owner ?? 'another uplink'}`,
        culprit: owner ?? name,
        advice: 'choose another name for the bridge',
      }),
    ];
  }
  if (ownJournal) return [];
  return [
    finding('bridge-left-over', {
      message: `the bridge ${name} carries the mark of a migration of ${owner} (${bridge.externalIds[MARK_ID] ?? 'no id'}), but there is no journal of it here`,
      culprit: name,
      advice: `if the journal is in another folder give --state-dir; else remove the bridge with "ovs-vsctl del-br ${name}"`,
    }),
  ];
}

function checkBridgeExists({ bridge, ovs, request, names }: PrecheckContext): readonly Finding[] {
  if (ovs === undefined || !request.useExistingBridge || bridge !== undefined) return [];
  return [
    finding('existing-bridge-missing', {
      message: `there is no bridge ${names.bridge} to use; it would be made`,
      culprit: names.bridge,
      advice: 'look at the names with "ovs-vsctl list-br"',
    }),
  ];
}

/** Its local port and its addresses are somebody else's: they could not be taken back by removing what we made. */
function checkBridgeLocalPort({ bridge, request, names }: PrecheckContext): readonly Finding[] {
  if (bridge === undefined || !request.useExistingBridge || isMarked(bridge) || !names.hostPortIsLocal) return [];
  return [
    finding('bridge-local-port-foreign', {
      message: `with layout ${request.layout} the local port of ${bridge.name} would take the addresses, but that bridge is not ours`,
      culprit: bridge.name,
      advice: 'take layout host-port or attach-only with an existing bridge, or another name for a bridge of its own',
    }),
  ];
}

function checkBridgeDatapath(context: PrecheckContext): readonly Finding[] {
  const { bridge, datapath } = context;
  if (bridge === undefined || !usesForeignBridge(context)) return [];
  const present = bridge.datapathType === '' ? 'system' : bridge.datapathType;
  if (present === datapath) return [];
  return [
    finding('bridge-datapath-differs', {
      message: `the bridge ${bridge.name} has the datapath type ${present}, not ${datapath}`,
      culprit: bridge.name,
      advice: present === 'system' || present === 'netdev' ? `ask for --datapath ${present}` : 'choose another bridge',
    }),
  ];
}

function checkFailMode(context: PrecheckContext): readonly Finding[] {
  const { bridge } = context;
  if (bridge === undefined || !usesForeignBridge(context) || bridge.failMode !== 'secure') return [];
  return [
    finding('bridge-fail-mode-secure', {
      message: `the bridge ${bridge.name} has fail_mode secure: it forwards nothing until somebody puts flows in, also after a reboot`,
      culprit: bridge.name,
      advice: `"ovs-vsctl set-fail-mode ${bridge.name} standalone", or accept it when its flows let the host through`,
    }),
  ];
}

function checkControllers(context: PrecheckContext): readonly Finding[] {
  const { bridge } = context;
  if (bridge === undefined || !usesForeignBridge(context) || bridge.controllers === 0) return [];
  return [
    finding('bridge-has-controller', {
      message: `the bridge ${bridge.name} has ${bridge.controllers === 1 ? 'a controller' : `${bridge.controllers} controllers`}: what it forwards, and whether the host stays reachable, is decided there`,
      culprit: bridge.name,
      advice: 'make sure that the controller lets the host port through and is reachable by another way',
    }),
  ];
}

const IPV6_MIN_MTU = 1280;

/** OVS pulls the local port down to the smallest port unless mtu_request is set; below 1280 IPv6 goes (F-59, F-101). */
function checkPortMtus(context: PrecheckContext): readonly Finding[] {
  const { bridge, kernel, ovs, request } = context;
  const uplink = linkByName(kernel, request.uplink);
  if (bridge === undefined || ovs === undefined || uplink === undefined || !usesForeignBridge(context)) return [];
  const smaller = interfacesOf(ovs, bridge)
    .map(port => ({ name: port.name, mtu: port.mtu ?? linkByName(kernel, port.name)?.mtu ?? uplink.mtu }))
    .filter(port => port.name !== request.uplink && port.mtu < uplink.mtu);
  const worst = smaller.toSorted((a, b) => a.mtu - b.mtu)[0];
  if (worst === undefined) return [];
  const findings = [
    finding('bridge-mtu-smaller', {
      message: `${worst.name} in the bridge ${bridge.name} has MTU ${worst.mtu}, ${request.uplink} has ${uplink.mtu}`,
      culprit: worst.name,
      advice: `the host port asks for ${uplink.mtu} of its own; raise the MTU of ${worst.name} if both are to talk`,
    }),
  ];
  const hasIpv6 = kernel.addresses.some(a => a.linkIndex === uplink.index && a.family === 6);
  if (worst.mtu < IPV6_MIN_MTU && hasIpv6) {
    findings.push(
      finding('mtu-below-ipv6', {
        message: `${worst.name} in the bridge ${bridge.name} has MTU ${worst.mtu}: if the host port is pulled down to it, the kernel takes all IPv6 from it`,
        culprit: worst.name,
        advice: `raise the MTU of ${worst.name} to ${IPV6_MIN_MTU} or more`,
      }),
    );
  }
  return findings;
}

function checkLocalPortAddresses(context: PrecheckContext): readonly Finding[] {
  const { bridge, kernel, names } = context;
  if (bridge === undefined || !usesForeignBridge(context) || !names.hostPortIsLocal) return [];
  const local = kernel.links.find(link => link.name === bridge.name && link.name !== context.request.uplink);
  const addresses = kernel.addresses.filter(a => a.linkIndex === local?.index && isMovable(a));
  if (addresses.length === 0) return [];
  return [
    finding('host-port-has-addresses', {
      message: `the local port of the bridge ${bridge.name} has addresses already: ${listed(addresses.map(formatAddress))}`,
      culprit: bridge.name,
      advice: 'they stay; take them off if they are left over from an earlier try',
    }),
  ];
}
