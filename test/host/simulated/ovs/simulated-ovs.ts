import type { EffectResult } from '../../../../src/domain/effect.ts';
import type { Link } from '../../../../src/domain/link.ts';
import type { OvsInterface, OvsState } from '../../../../src/domain/ovs-state.ts';
import type { HostEvent } from '../../../../src/host/host.ts';
import type { OvsEffect } from '../../../../src/host/linux-effects.ts';
import {
  createKernelModel,
  type KernelModel,
  type NewLink,
} from '../../../../src/host/simulated/kernel/kernel-model.ts';
import type { OvsConnection } from '../../../../src/host/simulated/ovs/connection.ts';
import { createOvsModel, type OvsModel, type OvsModelOptions } from '../../../../src/host/simulated/ovs/ovs-model.ts';
import { createVirtualClock, type VirtualClock } from '../../../../src/host/simulated/virtual-clock.ts';

export const APPLY_MS = 5;
export const ROWS = { id: 'm-1', uplink: 'eth0', bridge: 'br-ext' } as const;
export const HOST_PORT_MAC = '52:54:00:00:00:01';

const NO_OVS: OvsState = {
  schemaVersion: '8.3.1',
  system: {
    uuid: 'open-vswitch',
    nextCfg: 1,
    curCfg: 1,
    flowRestoreWait: false,
    ovsVersion: '3.1.0',
    datapathTypes: ['netdev', 'system'],
    interfaceTypes: [],
  },
  bridges: [],
  ports: [],
  interfaces: [],
};

/** A simulated host with one uplink, `eth0`, and an Open vSwitch without bridges. */
export interface SimulatedOvs {
  readonly clock: VirtualClock;
  readonly kernel: KernelModel;
  readonly ovs: OvsModel;
  readonly connection: OvsConnection;
  readonly events: HostEvent[];
  readonly uplink: Link;
  addLink(spec: NewLink): Link;
  link(name: string): Link | undefined;
  row(name: string): OvsInterface | undefined;
  commit(effect: OvsEffect): EffectResult;
  /** Commits and lets time go on until it is applied. */
  apply(effect: OvsEffect): EffectResult;
  settle(): void;
}

/** Makes one; `datapath` also says whether the kernel module is there. */
export async function simulateOvs(
  datapath: 'netdev' | 'system' = 'netdev',
  options: Partial<OvsModelOptions> = {},
): Promise<SimulatedOvs> {
  const clock = createVirtualClock();
  const state = { links: [], addresses: [], routes: [], rules: [], neighbours: [] };
  const kernel = createKernelModel({ clock, state, sysctls: {}, liveRename: true });
  const addLink = (spec: NewLink): Link => {
    const made = kernel.addLink(spec);
    if ('code' in made) throw new Error(made.errnoName);
    return made;
  };
  const uplink = addLink({ name: 'eth0', mac: HOST_PORT_MAC, kind: 'veth', flags: 0x1003 });
  const ovs = createOvsModel({
    clock,
    kernel,
    initial: NO_OVS,
    applyDelayMs: APPLY_MS,
    hasKernelDatapath: datapath === 'system',
    ...options,
  });
  const connection = ovs.openConnection();
  const events: HostEvent[] = [];
  connection.subscribe(event => events.push(event));
  await connection.connect();
  const settle = (): void => {
    while (clock.runNext());
  };
  return {
    clock,
    kernel,
    ovs,
    connection,
    events,
    uplink,
    addLink,
    link: name => kernel.read({ routes: false }).links.find(each => each.name === name),
    row: name => ovs.database().interfaces.find(each => each.name === name),
    commit: effect => connection.commit(effect),
    apply(effect) {
      const result = connection.commit(effect);
      settle();
      return result;
    },
    settle,
  };
}

/** The bridge `br-ext` and the host port `eth0`. */
export function createHostPort(datapathType: 'netdev' | 'system', name = 'eth0'): OvsEffect {
  return {
    op: 'ovs.host-port.create',
    rows: ROWS,
    bridge: { name: 'br-ext', create: true, datapathType, hwaddr: null, failMode: 'standalone' },
    hostPort: { name, local: false, mac: HOST_PORT_MAC, mtu: 1500 },
  };
}

/** The uplink as a port of `br-ext`. */
export function attach(port: string): OvsEffect {
  return { op: 'ovs.uplink.attach', rows: ROWS, port };
}
