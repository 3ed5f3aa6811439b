import type { Finding } from '../finding.ts';
import type { KernelState } from '../kernel-state.ts';
import { linkByName } from '../kernel-state.ts';
import type { OvsBridge, OvsInterface, OvsState } from '../ovs-state.ts';
import { bridgeOf } from '../ovs-state.ts';
import type { PrecheckContext, RequestRule } from './context.ts';
import { listed, usesForeignBridge } from './context.ts';
import { finding } from './finding-codes.ts';

/** The loop guard: two NICs in bridges that forward by learning are a loop when both lead to the same network. */
export const OTHER_UPLINK_RULES: readonly RequestRule[] = [checkOtherUplinks, checkPatchedUplinks];

/** Interfaces of a bridge other than its own port. */
export function interfacesOf(ovs: OvsState, bridge: OvsBridge): readonly OvsInterface[] {
  const uuids = ovs.ports.filter(port => bridge.ports.includes(port.uuid)).flatMap(port => port.interfaces);
  return ovs.interfaces.filter(one => uuids.includes(one.uuid) && one.name !== bridge.name);
}

function nicsOf(kernel: KernelState, interfaces: readonly OvsInterface[], uplink: string): readonly string[] {
  return interfaces
    .map(({ name }) => linkByName(kernel, name))
    .filter(link => link !== undefined && link.name !== uplink)
    .filter(link => link?.kind === 'bond' || link?.kind === 'team' || (link?.parentDevice ?? null) !== null)
    .map(link => link?.name ?? '');
}

function checkOtherUplinks(context: PrecheckContext): readonly Finding[] {
  const { bridge, kernel, ovs, request } = context;
  if (bridge === undefined || ovs === undefined || !usesForeignBridge(context)) return [];
  const nics = nicsOf(kernel, interfacesOf(ovs, bridge), request.uplink);
  if (nics.length === 0) return [];
  return [
    finding('bridge-has-uplink', {
      message: `the bridge ${bridge.name} already has ${listed(nics)}: with ${request.uplink} beside it there is a loop if both lead to the same network`,
      culprit: nics[0] ?? bridge.name,
      advice: 'choose another bridge, or accept it when the networks are separate or STP is on',
    }),
  ];
}

/** The same through patch ports: the other bridge's NIC is as near as one of this bridge. */
function checkPatchedUplinks(context: PrecheckContext): readonly Finding[] {
  const { bridge, kernel, ovs, request } = context;
  if (bridge === undefined || ovs === undefined || !usesForeignBridge(context)) return [];
  return joinedBridges(ovs, bridge).flatMap(other => {
    const nics = nicsOf(kernel, interfacesOf(ovs, other), request.uplink);
    if (nics.length === 0) return [];
    return [
      finding('bridge-has-uplink', {
        message: `patch ports join the bridge ${bridge.name} to ${other.name}, which has ${listed(nics)}: with ${request.uplink} there is a loop if both lead to the same network`,
        culprit: nics[0] ?? other.name,
        advice: `take the patch ports between ${bridge.name} and ${other.name} away, or accept it when the networks are separate or STP is on`,
      }),
    ];
  });
}

/** Bridges that a frame gets to from this one. Those with fail_mode secure forward by flows alone, and are not passed through: OVN's br-int. */
function joinedBridges(ovs: OvsState, from: OvsBridge): readonly OvsBridge[] {
  const joined = [from];
  // Grows while it is walked: each bridge once.
  for (const bridge of joined) {
    for (const { type, peer } of interfacesOf(ovs, bridge)) {
      const other = type === 'patch' && peer !== undefined ? bridgeOf(ovs, peer) : undefined;
      if (other !== undefined && other.failMode !== 'secure' && !joined.includes(other)) joined.push(other);
    }
  }
  return joined.slice(1);
}
