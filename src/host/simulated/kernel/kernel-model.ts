import type { Effect, EffectResult, OwnerEffect } from '../../../domain/effect.ts';
import type { KernelState } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import type { LinkSysctls } from '../../../domain/snapshot.ts';
import type { Clock } from '../../../engine/clock.ts';
import type { Failure } from '../../../errors.ts';
import { applyEffect } from './apply-effect.ts';
import { failDad } from './ipv6-dad.ts';
import { unregister } from './links.ts';
import { loadState } from './load-state.ts';
import type { NewLink } from './make-link.ts';
import { makeLink } from './make-link.ts';
import type { LinkMove } from './move-link.ts';
import { moveLink } from './move-link.ts';
import type { KernelEvent } from './namespace.ts';
import { Namespace } from './namespace.ts';
import type { LinkUpdate } from './outside-changes.ts';
import { setMaster, updateLink } from './outside-changes.ts';
import { LOOPBACK } from './plain-link.ts';
import { readSysctls } from './sysctls.ts';

export type { NewLink } from './make-link.ts';
export type { LinkMove } from './move-link.ts';
export type { KernelEvent } from './namespace.ts';
export type { LinkUpdate } from './outside-changes.ts';

/** An effect on the kernel's side of one namespace: neither on OVSDB nor on the kernel datapath. */
export type KernelEffect = Exclude<Effect, { op: `ovs.${string}` | 'vport.delete' | 'link.move' } | OwnerEffect>;

/** How to begin. */
export interface KernelModelOptions {
  readonly clock: Clock;
  /** What there is; it is taken as it stands, nothing is added to it. */
  readonly state: KernelState;
  /** By the links' names. */
  readonly sysctls: Readonly<Record<string, LinkSysctls>>;
  /** `conf/default`, for links that come later. */
  readonly defaults?: LinkSysctls;
  /** False for kernels before 6.2, which rename no link that is up. */
  readonly liveRename: boolean;
  /** The ifindex of the next new link; left out, it follows the largest there is. */
  readonly nextIndex?: number;
}

/**
 * One network namespace, as the kernel keeps it (facts/peers.md §9.1). Synchronous. What it hands out is never changed afterwards, and what
 * has not changed is the same object with the next read.
 */
export interface KernelModel {
  read(scope: { readonly routes: boolean }): KernelState;
  /** All per-link sysctls of a link by its present name; none of a link that is not there. */
  sysctls(linkName: string): LinkSysctls;
  mutedLinks(): readonly string[];
  /** Carries out one effect with the semantics of `LinuxHost.apply`, and tells failures as it does. */
  apply(effect: KernelEffect): EffectResult;

  /** Makes a link, as a driver does: the kernel chooses the ifindex. EEXIST where its name is taken, by an altname too. */
  addLink(spec: NewLink): Link | Failure;
  /** A link goes, with all that the kernel removes with it. Nothing happens when it is gone already. */
  removeLink(index: number): void;
  /** The wire, a driver or another program changes a link; told as one event. */
  updateLink(index: number, change: LinkUpdate): void;
  /** Enslaves a link, or releases it; EBUSY where something else has its rx_handler. */
  setMaster(index: number, master: number | null, slaveKind?: string): EffectResult;
  /** Moves a link into another namespace, with what the same request asks for there (facts/peers.md §9.3). */
  moveLink(index: number, target: KernelModel, change: LinkMove): EffectResult;
  /** An empty network namespace of the same kernel. */
  addNamespace(): KernelModel;
  /** Somebody on the wire has answered for a tentative address: its duplicate address detection fails. */
  failDad(index: number, address: string): void;
  /** Events as on the wire, each before the change that caused it counts as done. */
  subscribe(listener: (event: KernelEvent) => void): () => void;
}

/** Where a model keeps its namespace. Not a `WeakMap`: its values outlive every collection of young memory, and with them their whole world. */
const NAMESPACE = Symbol('namespace');

type OwnModel = KernelModel & { readonly [NAMESPACE]: Namespace };

/** Makes a namespace. */
export function createKernelModel(options: KernelModelOptions): KernelModel {
  const ns = new Namespace(options.clock, options.liveRename, options.defaults ?? {});
  loadState(ns, options.state, options.sysctls);
  if (options.nextIndex !== undefined) ns.nextIndex = options.nextIndex;
  const model: OwnModel = {
    [NAMESPACE]: ns,
    read: ({ routes }) => ns.read(routes),
    sysctls: linkName => readSysctls(ns, linkName),
    mutedLinks: () => ns.muted,
    apply: effect => applyEffect(ns, effect),
    addLink: spec => makeLink(ns, spec),
    removeLink(index) {
      const node = ns.node(index);
      if (node !== undefined) unregister(ns, node);
    },
    updateLink: (index, change) => updateLink(ns, index, change),
    setMaster: (index, master, slaveKind) => setMaster(ns, index, master, slaveKind),
    moveLink(index, target, change) {
      if (!isOwnModel(target)) throw new TypeError('the target is no kernel model');
      return moveLink(ns, index, target[NAMESPACE], change);
    },
    addNamespace: () =>
      createKernelModel({
        ...options,
        state: { links: [LOOPBACK], addresses: [], routes: [], rules: [], neighbours: [] },
        sysctls: {},
        nextIndex: 2,
      }),
    failDad(index, address) {
      const node = ns.node(index);
      if (node !== undefined) failDad(ns, node, address);
    },
    subscribe: listener => ns.subscribe(listener),
  };
  return model;
}

function isOwnModel(model: KernelModel): model is OwnModel {
  return NAMESPACE in model;
}
