import type { KernelState } from '../../../domain/kernel-state.ts';
import { linkByName } from '../../../domain/kernel-state.ts';
import type { OvsBridge, OvsInterface, OvsPort, OvsState } from '../../../domain/ovs-state.ts';
import type { DescribedBridge, DescribedOvs } from './host-description.ts';
import type { HostDocument } from './host-schema.ts';

/** Number that ovs-vswitchd gives the local port. */
const OFPP_LOCAL = 65534;
const INTERFACE_TYPES = ['erspan', 'geneve', 'gre', 'internal', 'patch', 'system', 'tap', 'vxlan'];

/** Open vSwitch of a document; MACs are those of the links. */
export function describeOvs({ ovs }: HostDocument, kernel: KernelState): DescribedOvs {
  return {
    version: ovs.version,
    datapathTypes: ovs.datapaths,
    flowRestoreWait: ovs.flowRestoreWait,
    applyDelayMs: ovs.applyDelayMs,
    bridges: ovs.bridges.map(bridge => ({
      name: bridge.name,
      datapathType: bridge.datapath,
      failMode: bridge.failMode ?? null,
      controllers: bridge.controllers,
      mac: linkByName(kernel, bridge.name)?.mac ?? '',
      externalIds: bridge.externalIds,
      otherConfig: bridge.otherConfig,
      ports: bridge.ports,
    })),
  };
}

/** The database as a client sees it once ovs-vswitchd has applied everything. */
export function ovsStateOf(ovs: DescribedOvs, kernel: KernelState): OvsState {
  const tables = { bridges: [] as OvsBridge[], ports: [] as OvsPort[], interfaces: [] as OvsInterface[] };
  for (const bridge of ovs.bridges) addBridge(bridge, kernel, tables);
  return {
    schemaVersion: '8.3.1',
    system: {
      uuid: 'open-vswitch',
      nextCfg: 1,
      curCfg: 1,
      flowRestoreWait: ovs.flowRestoreWait,
      ovsVersion: ovs.version,
      datapathTypes: ovs.datapathTypes,
      interfaceTypes: INTERFACE_TYPES,
    },
    ...tables,
  };
}

function addBridge(
  bridge: DescribedBridge,
  kernel: KernelState,
  tables: { readonly bridges: OvsBridge[]; readonly ports: OvsPort[]; readonly interfaces: OvsInterface[] },
): void {
  const all = [{ name: bridge.name, type: 'internal', externalIds: {} }, ...bridge.ports];
  all.forEach((port, at) => {
    const link = linkByName(kernel, port.name);
    tables.interfaces.push({
      uuid: `interface-${port.name}`,
      name: port.name,
      type: port.type,
      ofport: at === 0 ? OFPP_LOCAL : at,
      error: null,
      ifindex: link?.index ?? 0,
      macInUse: link?.mac ?? null,
      mtu: link?.mtu ?? null,
      externalIds: {},
    });
    tables.ports.push({
      uuid: `port-${port.name}`,
      name: port.name,
      interfaces: [`interface-${port.name}`],
      externalIds: port.externalIds,
    });
  });
  tables.bridges.push({
    uuid: `bridge-${bridge.name}`,
    name: bridge.name,
    datapathType: bridge.datapathType === 'netdev' ? 'netdev' : '',
    datapathId: `0000${bridge.mac.replaceAll(':', '')}`,
    failMode: bridge.failMode,
    controllers: bridge.controllers,
    ports: all.map(port => `port-${port.name}`),
    externalIds: bridge.externalIds,
    otherConfig: bridge.otherConfig,
  });
}
