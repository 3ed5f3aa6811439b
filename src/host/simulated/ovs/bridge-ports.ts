import type { OvsBridge, OvsInterface } from '../../../domain/ovs-state.ts';
import type { InterfaceSettings } from './database.ts';
import type { Netdev, NetdevClass, Netdevs } from './netdev.ts';

/** Number that ovs-vswitchd gives the local port. */
export const OFPP_LOCAL = 65534;
const DEFAULT_MTU = 1500;
/** Before the MTU rule has ever had a port to go by. */
export const NO_MTU = Number.POSITIVE_INFINITY;

/** One port of a bridge as ovs-vswitchd has it. */
export interface Ofport {
  readonly name: string;
  readonly type: string;
  readonly ofport: number;
  readonly netdev: Netdev;
}

/** A bridge as ovs-vswitchd has made it (an ofproto). */
export interface Ofproto {
  readonly name: string;
  readonly datapath: 'netdev' | 'system';
  /** MAC where nothing else gives one. */
  readonly defaultMac: string;
  mac: string;
  /** The MTU rule's last result. */
  minMtu: number;
  readonly ports: Map<string, Ofport>;
}

/** How ovs-vswitchd opens an interface of this type. */
export function classOf(type: string, datapath: 'netdev' | 'system'): NetdevClass {
  if (type === '' || type === 'system') return 'system';
  return type === 'internal' && datapath === 'system' ? 'internal' : 'tap';
}

/** A number that no port of the bridge has; the one of before where that is free. */
export function pickOfport(ofproto: Ofproto, row: OvsInterface): number {
  if (row.name === ofproto.name) return OFPP_LOCAL;
  const taken = new Set([...ofproto.ports.values()].map(port => port.ofport));
  if (row.ofport !== null && row.ofport > 0 && row.ofport < OFPP_LOCAL && !taken.has(row.ofport)) return row.ofport;
  let number = 1;
  while (taken.has(number)) number += 1;
  return number;
}

/** bridge_pick_local_hw_addr: the configured one, else the lowest of the ports' that is globally unique, else the default. */
export function pickBridgeMac(ofproto: Ofproto, row: OvsBridge): string {
  const configured = row.otherConfig['hwaddr'];
  if (configured !== undefined) return configured;
  let lowest: string | undefined;
  for (const { ofport, netdev } of ofproto.ports.values()) {
    const mac = netdev.cache?.mac;
    if (ofport === OFPP_LOCAL || mac == null || (Number.parseInt(mac.slice(0, 2), 16) & 3) !== 0) continue;
    if (lowest === undefined || mac < lowest) lowest = mac;
  }
  return lowest ?? ofproto.defaultMac;
}

/** iface_set_netdev_mtu and iface_set_mac: what the row asks for, at each reconfiguration. */
export function configurePort(netdevs: Netdevs, port: Ofport, settings: InterfaceSettings): void {
  const { netdev } = port;
  const isRequested = settings.mtuRequest !== null;
  if (netdev.isMtuRequested !== isRequested) {
    netdev.isMtuRequested = isRequested;
    netdev.isChanged = true;
  }
  if (settings.mtuRequest !== null) netdevs.setMtu(netdev, settings.mtuRequest);
  // The local port's comes from the bridge.
  if (settings.mac !== null && port.type === 'internal' && port.ofport !== OFPP_LOCAL) {
    netdevs.setMac(netdev, settings.mac);
  }
}

/**
 * ofproto.c update_mtu: ports that ovs-vswitchd made take the smallest MTU of the others when that changes, or when their own is
 * larger. One that somebody made smaller by hand stays smaller until then.
 */
export function applyMtuRule(netdevs: Netdevs, ofproto: Ofproto): void {
  for (const port of ofproto.ports.values()) {
    if (!port.netdev.isChanged) continue;
    port.netdev.isChanged = false;
    const mtu = port.netdev.cache?.mtu;
    if (mtu === undefined) continue;
    if (!isOverridden(port)) updateMinimum(netdevs, ofproto);
    else if (mtu > ofproto.minMtu) netdevs.setMtu(port.netdev, ofproto.minMtu);
  }
}

/** The rule after a port has come, gone or changed. */
export function updateMinimum(netdevs: Netdevs, ofproto: Ofproto): void {
  const minimum = findMinimum(ofproto) ?? DEFAULT_MTU;
  if (minimum === ofproto.minMtu) return;
  ofproto.minMtu = minimum;
  for (const port of ofproto.ports.values()) if (isOverridden(port)) netdevs.setMtu(port.netdev, minimum);
}

/** The smallest MTU of the ports that do not follow the others; undefined where there is none. */
export function findMinimum(ofproto: Ofproto): number | undefined {
  let minimum: number | undefined;
  for (const port of ofproto.ports.values()) {
    const mtu = port.netdev.cache?.mtu;
    if (!isOverridden(port) && mtu !== undefined && (minimum === undefined || mtu < minimum)) minimum = mtu;
  }
  return minimum;
}

/** True for ports whose MTU follows the others'. */
export function isOverridden(port: Ofport): boolean {
  return port.type === 'internal' && !port.netdev.isMtuRequested;
}
