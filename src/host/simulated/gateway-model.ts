import type { KernelState } from '../../domain/kernel-state.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import { IFF_LOWER_UP, IFF_UP } from '../../domain/link.ts';
import type { OvsState } from '../../domain/ovs-state.ts';
import { findInterface, findPort } from '../../domain/ovs-state.ts';
import { hostOnWire } from '../../domain/port-spec.ts';
import { isDefault } from '../../domain/route.ts';

/** What stands at the other end of the uplink's wire. */
export interface Gateway {
  readonly address: string;
  readonly answers: boolean;
}

/** The world as a packet to the gateway finds it. */
export interface Path {
  readonly kernel: KernelState;
  /** The database itself, not a client's copy. */
  readonly ovs: OvsState;
  readonly uplinkIndex: number;
  readonly muted: readonly string[];
  /** ovs-vswitchd lets packets through its bridges. */
  readonly forwards: boolean;
}

/** Gateways of the default routes that leave by the links, each once, as the gateway probe asks them. */
export function gatewaysOver(kernel: KernelState, links: readonly number[]): ReadonlyMap<string, number> {
  const gateways = new Map<string, number>();
  for (const route of kernel.routes) {
    if (!isDefault(route)) continue;
    for (const hop of route.nexthops) {
      if (hop.gateway === null || hop.linkIndex === null || !links.includes(hop.linkIndex)) continue;
      gateways.set(hop.gateway, hop.linkIndex);
    }
  }
  return gateways;
}

/** True when a packet that leaves by the link gets to the uplink's wire, and its answer back. */
export function reachesWire(path: Path, linkIndex: number): boolean {
  const { kernel, ovs, uplinkIndex } = path;
  const uplink = linkByIndex(kernel, uplinkIndex);
  const link = linkByIndex(kernel, linkIndex);
  if (uplink === undefined || link === undefined || !isRunning(uplink) || (link.flags & IFF_UP) === 0) return false;
  // The datapath's rx_handler takes what arrives before the IP stack sees it.
  if (link === uplink) return uplink.slaveKind !== 'openvswitch' && !path.muted.includes(uplink.name);
  const isMade = (name: string): boolean => (findInterface(ovs, name)?.ofport ?? -1) >= 0;
  if (!isMade(uplink.name) || !isMade(link.name)) return false;
  const uplinkPort = findPort(ovs, uplink.name);
  const hostPort = findPort(ovs, link.name);
  if (uplinkPort === undefined || hostPort?.bridge !== uplinkPort.bridge) return false;
  // The gateway knows nothing of VLANs.
  const { sends, hears } = hostOnWire(uplinkPort.port.vlan, hostPort.port.vlan);
  if (sends !== 0 || !hears.includes(0)) return false;
  const isAttached = uplink.promiscuity > 0 || uplink.slaveKind === 'openvswitch';
  return isAttached && path.forwards && !path.muted.includes(link.name);
}

function isRunning(link: { readonly flags: number }): boolean {
  return (link.flags & IFF_UP) !== 0 && (link.flags & IFF_LOWER_UP) !== 0;
}
