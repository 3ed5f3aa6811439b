import type { Effect, EffectResult } from '../../domain/effect.ts';
import { HOME, isOwnerEffect } from '../../domain/effect.ts';
import { answersTo } from '../../domain/link.ts';
import { uplinkError } from '../../errors.ts';
import type { Host, Netns } from '../host.ts';
import { isOvsEffect } from '../linux-effects.ts';
import type { KernelModel } from './kernel/kernel-model.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedNamespace, World } from './world.ts';
import { addNamespace } from './world.ts';

/** Carries effects out with what is told to be the way for one. */
type ApplyWith = (
  effects: readonly Effect[],
  signal: AbortSignal,
  carryOut: (effect: Effect) => EffectResult,
) => Promise<readonly EffectResult[]>;

/** The namespaces of a world as one process sees them. */
export interface SimulatedNetnses extends Pick<Host, 'openNetns' | 'createNetns' | 'removeNetns'> {
  /** Moves a link out of the namespace that this model keeps. */
  move(from: KernelModel, effect: Extract<Effect, { op: 'link.move' }>): EffectResult;
}

/** Nothing is open at first. */
export function createSimulatedNetnses(
  world: World,
  process: SimulatedProcess,
  applyWith: ApplyWith,
): SimulatedNetnses {
  const open = new Map<string, SimulatedNamespace>();
  const { namespaces } = world;

  /** Opened until it is closed, or the process ends. */
  const hold = (namespace: SimulatedNamespace): (() => void) => {
    namespace.openings += 1;
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      namespace.openings -= 1;
      if (namespace.openings === 0 && world.nameless.delete(namespace)) end(world, namespace);
    };
    process.onEnd(close);
    return close;
  };

  const move: SimulatedNetnses['move'] = (from, { link, to, name, up, index }) => {
    const target = to === HOME ? world.kernel : open.get(to)?.kernel;
    if (target === undefined) throw uplinkError('DEFECT', { what: 'the network namespace is not open', object: to });
    const change = { name, ...(up !== undefined && { up }), ...(index !== undefined && { index }) };
    return from.moveLink(link.index, target, change);
  };

  return {
    move,
    openNetns: path =>
      process.operate('read', 'netns.open', (): Netns => {
        const found = namespaces.get(path);
        if (found === undefined) {
          throw uplinkError('USAGE', { what: 'cannot open the network namespace', object: path, got: 'ENOENT' });
        }
        open.set(path, found);
        const close = hold(found);
        const { id, kernel } = found;
        const carryOut = (effect: Effect): EffectResult => {
          const result = changeIn(kernel, effect, move);
          world.tried.push({ effect, done: result.ok });
          return result;
        };
        return {
          path,
          id,
          readKernel: scope => process.operate('read', 'netns.read', () => kernel.read(scope)),
          apply: (effects, signal) => applyWith(effects, signal, carryOut),
          subscribe: listener => kernel.subscribe(listener),
          async [Symbol.asyncDispose]() {
            if (open.get(path) === found) open.delete(path);
            close();
          },
        };
      }),
    createNetns: path =>
      process.operate('netlink', 'netns.create', () => {
        if (namespaces.has(path)) {
          throw uplinkError('USAGE', { what: 'there is something already', object: path, expected: 'a free path' });
        }
        addNamespace(world, path);
      }),
    removeNetns: path =>
      process.operate('netlink', 'netns.remove', () => {
        removeNamespace(world, path);
      }),
  };
}

function changeIn(kernel: KernelModel, effect: Effect, move: SimulatedNetnses['move']): EffectResult {
  if (isOvsEffect(effect) || isOwnerEffect(effect) || effect.op === 'vport.delete') {
    throw uplinkError('DEFECT', { what: 'not a change that is made in another network namespace', object: effect.op });
  }
  return effect.op === 'link.move' ? move(kernel, effect) : kernel.apply(effect);
}

/** A namespace loses its path, and ends as soon as nobody has it open. */
export function removeNamespace(world: World, path: string): void {
  const found = world.namespaces.get(path);
  if (found === undefined) return;
  world.namespaces.delete(path);
  if (found.openings > 0) world.nameless.add(found);
  else end(world, found);
}

/** A namespace ends: virtual links end with it; hardware comes to the host, under its name there, or another where that is taken. */
function end({ kernel }: World, ended: SimulatedNamespace): void {
  for (const link of ended.kernel.read({ routes: false }).links) {
    if (link.index === 1) continue;
    if (link.kind !== null) {
      ended.kernel.removeLink(link.index);
      continue;
    }
    const { links } = kernel.read({ routes: false });
    const isTaken = (name: string): boolean => links.some(one => answersTo(one, name));
    for (const altname of link.altnames.filter(isTaken)) {
      ended.kernel.apply({ op: 'altname.remove', link, altname });
    }
    if (isTaken(link.name)) ended.kernel.apply({ op: 'link.set', link, up: false });
    if (isTaken(link.name)) ended.kernel.apply({ op: 'link.rename', link, to: `dev${link.index}` });
    ended.kernel.moveLink(link.index, kernel, { name: null });
  }
}
