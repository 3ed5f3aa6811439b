import type { Effect } from '../../domain/effect.ts';
import type { HostFacts } from '../../domain/host-facts.ts';
import { NUD_PERMANENT } from '../../domain/neighbour.ts';
import type { HostDescription } from './description/host-description.ts';
import type { Gateway, Path } from './gateway-model.ts';
import { gatewaysOver, reachesWire } from './gateway-model.ts';
import type { KernelModel } from './kernel/kernel-model.ts';
import { createKernelModel } from './kernel/kernel-model.ts';
import type { OvsModel } from './ovs/ovs-model.ts';
import { createOvsModel } from './ovs/ovs-model.ts';
import type { OwnersModel } from './owners-model.ts';
import { createOwnersModel } from './owners-model.ts';
import { createUdevModel } from './udev-model.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** One simulated machine: what outlives every process on it. */
export interface World {
  readonly clock: VirtualClock;
  readonly kernel: KernelModel;
  /** Other network namespaces, by their paths; changed by who makes and removes them. */
  readonly namespaces: Map<string, SimulatedNamespace>;
  /** Those whose path is gone while a process has them open: they end when the last has closed them. */
  readonly nameless: Set<SimulatedNamespace>;
  /** Their ids are never used twice. */
  namespacesMade: number;
  readonly ovs: OvsModel;
  readonly owners: OwnersModel;
  /** As it was described; who owns the uplink now is told by {@link owners}. */
  readonly facts: HostFacts;
  readonly uplinkIndex: number;
  /** By address; changed by incidents. */
  readonly gateways: Map<string, Gateway>;
  /** What {@link Host.probeMove} finds. */
  movesInOneMessage: boolean;
  /** Netlink's socket buffers are full: kernel events are lost. */
  losesEvents: boolean;
  /** Called when events were lost and everything must be read again. */
  readonly resyncs: Set<() => void>;
  /** Every effect that any process tried, in order; `done` also where its answer was lost. */
  readonly tried: { readonly effect: Effect; readonly done: boolean }[];
}

/** A network namespace beside the host's own. */
export interface SimulatedNamespace {
  /** As device and inode of a real one. */
  readonly id: string;
  readonly kernel: KernelModel;
  /** How often processes have it open. */
  openings: number;
}

/** A fresh world as a description has it. */
export function createWorld(host: HostDescription): World {
  const clock = createVirtualClock();
  const kernel = createKernelModel({
    clock,
    state: host.kernel,
    sysctls: host.sysctls,
    defaults: host.defaultSysctls,
    liveRename: host.liveRename,
  });
  const ovs = createOvsModel({
    clock,
    kernel,
    initial: host.ovsState,
    applyDelayMs: host.ovs.applyDelayMs,
    hasKernelDatapath: host.facts.hasKernelDatapath,
  });
  const uplink = host.kernel.links.find(link => link.name === host.uplink);
  if (uplink === undefined) throw new RangeError(`${host.name} has no uplink ${host.uplink}`);
  createUdevModel({
    clock,
    kernel,
    // As systemd up to 253, which names a link again after each rename (F-01).
    rules: host.udev.flatMap(({ link, altname, afterMs }) => {
      const index = host.kernel.links.find(({ name }) => name === link)?.index;
      return index === undefined ? [] : [{ match: { index }, on: ['move'], altnames: [altname], name: null, afterMs }];
    }),
  });
  const owners = createOwnersModel({
    kernel,
    uplinkIndex: uplink.index,
    initial: host.facts.owners,
    habits: host.ownerHabits,
  });
  return {
    clock,
    kernel,
    namespaces: new Map(),
    nameless: new Set(),
    namespacesMade: 0,
    ovs,
    owners,
    facts: host.facts,
    uplinkIndex: uplink.index,
    gateways: new Map(host.gateways.map(gateway => [gateway.address, gateway])),
    movesInOneMessage: true,
    losesEvents: false,
    resyncs: new Set(),
    tried: [],
  };
}

/** For so long no process hears of the kernel; then each is told to read everything again (ENOBUFS). */
export function loseKernelEvents(world: World, forMs: number): void {
  world.losesEvents = true;
  world.clock.setTimeout(() => {
    world.losesEvents = false;
    for (const resync of [...world.resyncs]) resync();
  }, forMs);
}

/** What a gateway probe over these links would find: each gateway, and whether it answers. */
export function askGateways(world: World, links: readonly number[]): ReadonlyMap<string, boolean> {
  const kernel = world.kernel.read({ routes: true });
  const path: Path = {
    kernel,
    ovs: world.ovs.database(),
    uplinkIndex: world.uplinkIndex,
    muted: world.kernel.mutedLinks(),
    forwards: world.ovs.forwards(),
  };
  const answers = new Map<string, boolean>();
  for (const [address, linkIndex] of gatewaysOver(kernel, links)) {
    // A permanent entry is never probed by the kernel.
    const isPermanent = kernel.neighbours.some(
      n => n.linkIndex === linkIndex && n.address === address && (n.state & NUD_PERMANENT) !== 0,
    );
    const isThere = world.gateways.get(address)?.answers === true && reachesWire(path, linkIndex);
    answers.set(address, isPermanent || isThere);
  }
  return answers;
}

/** Makes an empty network namespace that has this path. */
export function addNamespace(world: World, path: string): SimulatedNamespace {
  world.namespacesMade += 1;
  const made = { id: `4:${world.namespacesMade}`, kernel: world.kernel.addNamespace(), openings: 0 };
  world.namespaces.set(path, made);
  return made;
}

/** True when a device is plugged in, in whatever namespace its link is. */
export function hasDevice({ kernel, namespaces, nameless }: World, device: string): boolean {
  const kernels = [kernel, ...[...namespaces.values(), ...nameless].map(namespace => namespace.kernel)];
  return kernels.some(one => one.read({ routes: false }).links.some(({ parentDevice }) => parentDevice === device));
}
