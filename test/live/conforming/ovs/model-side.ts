import type { LinkRef } from '../../../../src/domain/effect.ts';
import type { KernelState } from '../../../../src/domain/kernel-state.ts';
import type { OvsState } from '../../../../src/domain/ovs-state.ts';
import type { Failure } from '../../../../src/errors.ts';
import type { HostEvent } from '../../../../src/host/host.ts';
import {
  createKernelModel,
  type KernelEffect,
  type KernelModel,
} from '../../../../src/host/simulated/kernel/kernel-model.ts';
import type { OvsConnection } from '../../../../src/host/simulated/ovs/connection.ts';
import { createOvsModel, type OvsModel } from '../../../../src/host/simulated/ovs/ovs-model.ts';
import { createVirtualClock } from '../../../../src/host/simulated/virtual-clock.ts';
import { imageOf } from './image.ts';
import type { OperationOutcome, OvsImage, OvsOperation } from './operation.ts';

/** The model, driven by the same operations as the real one. */
export interface ModelSide {
  readonly ovs: OvsModel;
  readonly connection: OvsConnection;
  readonly events: HostEvent[];
  carryOut(operation: OvsOperation): Promise<OperationOutcome>;
  image(): OvsImage;
}

const NO_LINKS: KernelState = { links: [], addresses: [], routes: [], rules: [], neighbours: [] };

const EMPTY: OvsState = {
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

/** Makes a fresh model over a kernel without links. */
export async function createModelSide(): Promise<ModelSide> {
  const clock = createVirtualClock();
  const kernel = createKernelModel({ clock, state: NO_LINKS, sysctls: {}, liveRename: true });
  const ovs = createOvsModel({ clock, kernel, initial: EMPTY });
  const startedWith = new Set(kernel.read({ routes: false }).links.map(link => link.name));
  const connection = ovs.openConnection();
  const events: HostEvent[] = [];
  connection.subscribe(event => events.push(event));
  await connection.connect();

  function act(operation: OvsOperation): Failure | undefined {
    switch (operation.op) {
      case 'commit': {
        const result = connection.commit(operation.effect);
        return result.ok ? undefined : result.failure;
      }
      case 'bump':
        connection.bump();
        return undefined;
      case 'bridge.add':
        return ovs.addForeignBridge(operation.name, operation);
      case 'bridge.remove':
        return ovs.removeForeignBridge(operation.name);
      case 'port.add':
        return ovs.addForeignPort(operation.bridge, operation.name, operation);
      case 'port.remove':
        return ovs.removeForeignPort(operation.name);
      case 'mtu.request':
        return ovs.setMtuRequest(operation.name, operation.mtu);
      case 'flow-restore-wait':
        ovs.setFlowRestoreWait(operation.value);
        return undefined;
      case 'vswitchd.kill':
        ovs.stopVswitchd('kill');
        return undefined;
      case 'vswitchd.stop':
        ovs.stopVswitchd('terminate');
        return undefined;
      case 'vswitchd.hang':
        ovs.stopVswitchd('hang');
        return undefined;
      case 'vswitchd.continue':
        ovs.continueVswitchd();
        return undefined;
      case 'vswitchd.start':
        ovs.startVswitchd();
        return undefined;
      case 'ovsdb.restart':
        ovs.stopOvsdb();
        ovs.startOvsdb();
        runAll();
        ovs.touch();
        return undefined;
      default:
        return actOnLink(kernel, operation);
    }
  }

  function runAll(): void {
    while (clock.runNext());
  }

  return {
    ovs,
    connection,
    events,
    async carryOut(operation) {
      const failure = act(operation);
      runAll();
      if (failure === undefined) return 'ok';
      return `refused: ${[failure.code, failure.errnoName, failure.ovsdbError].filter(Boolean).join(' ')}`;
    },
    image() {
      const state = connection.state();
      if (state === undefined) throw new Error('never connected');
      return imageOf(state, kernel.read({ routes: false }).links, connection.connected(), startedWith);
    },
  };
}

function actOnLink(
  kernel: KernelModel,
  operation: Extract<OvsOperation, { op: `link.${string}` | `altname.${string}` }>,
): Failure | undefined {
  if (operation.op === 'link.add') {
    const made = kernel.addLink({ ...operation, kind: 'veth', carrier: false });
    return 'code' in made ? made : undefined;
  }
  const found = kernel.read({ routes: false }).links.find(each => each.name === operation.name);
  if (found === undefined) return undefined;
  const link = { index: found.index, name: found.name };
  const result = kernel.apply(toEffect(operation, link));
  return result.ok ? undefined : result.failure;
}

function toEffect(
  operation: Exclude<
    Extract<OvsOperation, { op: `link.${string}` | `altname.${string}` }>,
    { readonly op: 'link.add' }
  >,
  link: LinkRef,
): KernelEffect {
  switch (operation.op) {
    case 'link.remove':
      return { op: 'link.delete', link };
    case 'link.rename':
      return { op: 'link.rename', link, to: operation.to };
    case 'link.mtu':
      return { op: 'link.set', link, mtu: operation.mtu };
    case 'link.mac':
      return { op: 'link.set', link, mac: operation.mac };
    case 'link.up':
      return { op: 'link.set', link, up: operation.up };
    case 'altname.add':
    case 'altname.remove':
      return { op: operation.op, link, altname: operation.altname };
  }
}
