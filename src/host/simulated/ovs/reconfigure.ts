import type { OvsBridge, OvsInterface, OvsState } from '../../../domain/ovs-state.ts';
import {
  classOf,
  configurePort,
  isOverridden,
  NO_MTU,
  OFPP_LOCAL,
  type Ofport,
  type Ofproto,
  pickBridgeMac,
  pickOfport,
  updateMinimum,
} from './bridge-ports.ts';
import type { InterfaceSettings } from './database.ts';
import { deleteVport, isVport, type Netdev, type Netdevs } from './netdev.ts';
import { DATAPATH_LINK, lookUp, type OvsKernel } from './ovs-kernel.ts';

/** What one reconfiguration works on. */
export interface ReconfigureContext {
  readonly kernel: OvsKernel;
  readonly netdevs: Netdevs;
  /** The configuration as ovs-vswitchd knows it. */
  readonly config: OvsState;
  readonly settings: (interfaceUuid: string) => InterfaceSettings;
  readonly bridges: Map<string, Ofproto>;
  /** The link of the userspace datapath itself. */
  readonly datapathLinks: Map<'netdev' | 'system', Netdev | null>;
  readonly hasKernelDatapath: boolean;
  /** The bridge's MAC where nothing else gives one: drawn from its uuid, so the same after a restart. */
  readonly defaultMac: (bridge: OvsBridge) => string;
  /** A failure that is asked for; undefined for none. */
  readonly takeFailure: (name: string) => string | undefined;
}

/** Errors of interfaces that could not be made, by uuid of the row. */
export type InterfaceErrors = ReadonlyMap<string, string>;

/**
 * bridge_reconfigure of ovs-vswitchd/bridge.c: first everything that goes, then what stays, then what is new: what goes may free a name.
 */
export function reconfigure(context: ReconfigureContext): InterfaceErrors {
  const { config, bridges } = context;
  const rows = new Map(config.bridges.map(row => [row.name, row]));
  for (const ofproto of [...bridges.values()]) {
    if (rows.get(ofproto.name)?.datapathType !== typeOf(ofproto)) destroyBridge(context, ofproto);
  }
  for (const ofproto of bridges.values()) removeStalePorts(context, ofproto, wantedOf(config, rows.get(ofproto.name)));
  for (const row of config.bridges) if (!bridges.has(row.name)) makeBridge(context, row);
  const errors = new Map<string, string>();
  for (const ofproto of bridges.values()) {
    const row = rows.get(ofproto.name);
    if (row === undefined) continue;
    for (const wanted of wantedOf(config, row)) addPort(context, ofproto, wanted, errors);
    complete(context, ofproto, row);
  }
  closeDatapaths(context);
  return errors;
}

function typeOf(ofproto: Ofproto): string {
  return ofproto.datapath === 'netdev' ? 'netdev' : '';
}

function wantedOf(config: OvsState, bridge: OvsBridge | undefined): readonly OvsInterface[] {
  if (bridge === undefined) return [];
  const interfaces: OvsInterface[] = [];
  for (const uuid of bridge.ports) {
    const port = config.ports.find(row => row.uuid === uuid);
    for (const each of port?.interfaces ?? []) {
      const row = config.interfaces.find(one => one.uuid === each);
      if (row !== undefined) interfaces.push(row);
    }
  }
  return interfaces;
}

function destroyBridge(context: ReconfigureContext, ofproto: Ofproto): void {
  for (const port of ofproto.ports.values()) context.netdevs.close(port.netdev);
  context.bridges.delete(ofproto.name);
}

function removeStalePorts(context: ReconfigureContext, ofproto: Ofproto, wanted: readonly OvsInterface[]): void {
  for (const port of [...ofproto.ports.values()]) {
    const row = wanted.find(each => each.name === port.name && each.type === port.type);
    const isLost = !context.netdevs.isInDatapath(port.netdev);
    if (row !== undefined && !isLost) configurePort(context.netdevs, port, context.settings(row.uuid));
    else removePort(context, ofproto, port);
  }
}

function removePort({ netdevs }: ReconfigureContext, ofproto: Ofproto, port: Ofport): void {
  netdevs.close(port.netdev);
  ofproto.ports.delete(port.name);
  if (!isOverridden(port)) updateMinimum(netdevs, ofproto);
}

function makeBridge(context: ReconfigureContext, row: OvsBridge): void {
  const datapath = row.datapathType === 'netdev' ? 'netdev' : 'system';
  if (!openDatapath(context, datapath)) return;
  const defaultMac = context.defaultMac(row);
  const ofproto: Ofproto = { name: row.name, datapath, defaultMac, mac: defaultMac, minMtu: NO_MTU, ports: new Map() };
  context.bridges.set(row.name, ofproto);
}

/** Both datapaths have one link of their own, however many bridges they carry. */
function openDatapath(context: ReconfigureContext, datapath: 'netdev' | 'system'): boolean {
  const { datapathLinks, netdevs, kernel } = context;
  if (datapathLinks.has(datapath)) return true;
  if (datapath === 'system' && !context.hasKernelDatapath) return false;
  const name = DATAPATH_LINK[datapath];
  if (datapath === 'system' && lookUp(kernel, name)?.kind === 'openvswitch') {
    datapathLinks.set(datapath, null);
    removeStrayVports(context);
    return true;
  }
  const opened = netdevs.open(name, datapath === 'netdev' ? 'tap' : 'internal', datapath);
  if (typeof opened === 'string') return false;
  datapathLinks.set(datapath, opened);
  return true;
}

/** What a former ovs-vswitchd left in the kernel datapath and no row asks for any more (open_dpif_backer). */
function removeStrayVports({ kernel, config }: ReconfigureContext): void {
  const wanted = new Set(config.interfaces.map(row => row.name));
  for (const link of kernel.read({ routes: false }).links) {
    if (!wanted.has(link.name) && isVport(kernel, link)) deleteVport(kernel, link);
  }
}

function closeDatapaths(context: ReconfigureContext): void {
  const { bridges, datapathLinks, kernel, netdevs } = context;
  for (const [datapath, netdev] of datapathLinks) {
    if ([...bridges.values()].some(ofproto => ofproto.datapath === datapath)) continue;
    datapathLinks.delete(datapath);
    if (datapath === 'netdev' && netdev !== null) netdevs.close(netdev);
    const link = lookUp(kernel, DATAPATH_LINK.system);
    if (datapath === 'system' && link !== undefined) kernel.removeLink(link.index);
  }
}

function addPort(context: ReconfigureContext, ofproto: Ofproto, row: OvsInterface, errors: Map<string, string>): void {
  if (ofproto.ports.has(row.name)) return;
  const { netdevs } = context;
  const refused = context.takeFailure(row.name);
  const opened = refused ?? netdevs.open(row.name, classOf(row.type, ofproto.datapath), ofproto.datapath);
  if (typeof opened === 'string') {
    errors.set(row.uuid, opened);
    return;
  }
  const ofport = pickOfport(ofproto, row);
  const port: Ofport = { name: row.name, type: row.type, ofport, netdev: opened };
  ofproto.ports.set(row.name, port);
  // The MAC only once the bridge has its own: in between the port has the one that it was made with.
  configurePort(netdevs, port, { ...context.settings(row.uuid), mac: null });
}

function complete(context: ReconfigureContext, ofproto: Ofproto, row: OvsBridge): void {
  const { netdevs } = context;
  ofproto.mac = pickBridgeMac(ofproto, row);
  for (const port of ofproto.ports.values()) {
    if (port.ofport === OFPP_LOCAL) netdevs.setMac(port.netdev, ofproto.mac);
    const uuid = context.config.interfaces.find(each => each.name === port.name)?.uuid;
    if (uuid !== undefined) configurePort(netdevs, port, context.settings(uuid));
  }
}
