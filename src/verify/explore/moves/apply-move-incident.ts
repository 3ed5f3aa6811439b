import type { SimulatedFolder } from '../../../engine/simulated-surroundings.ts';
import type { KernelModel } from '../../../host/simulated/kernel/kernel-model.ts';
import { removeNamespace } from '../../../host/simulated/simulated-netns.ts';
import type { World } from '../../../host/simulated/world.ts';
import { addNamespace } from '../../../host/simulated/world.ts';
import { foreignAddress } from '../apply-incident.ts';
import type { Remedies } from '../remedies.ts';
import { TARGET } from './move-case.ts';
import type { MoveIncident } from './move-incident.ts';
import type { Subject } from './subject.ts';
import { CHANGED_MAC } from './subject.ts';

/** Of the links that others make; far from those that the kernel gives out, so that they are the same in a shadow of this world. */
const FOREIGN = { name: 901, altname: 902, ofAltname: 903, oldName: 904 } as const;
type Foreign = keyof typeof FOREIGN;

/** The world that others disturb, and how it comes to rest again. */
export interface MoveSurroundings {
  readonly world: World;
  readonly folder: SimulatedFolder;
  readonly subject: Subject;
  /** The name that the link is to have in the target. */
  readonly newName: string;
  readonly remedies: Remedies;
}

/** What an incident may do to the run itself. */
export interface MoveHandles {
  kill(): void;
  abort(): void;
}

/** Lets an incident happen now; false when there is nothing that it could happen to. */
export function applyMoveIncident(incident: MoveIncident, surroundings: MoveSurroundings, run: MoveHandles): boolean {
  const { world, folder, subject, newName, remedies } = surroundings;
  const { name, altnames, index } = subject.link;
  const target = world.namespaces.get(TARGET)?.kernel;
  const there = subject.find();
  switch (incident.kind) {
    case 'target.new-name.take':
      return target !== undefined && take(target, newName, incident.as, incident.as) !== undefined;
    case 'target.old-name.take':
      return target !== undefined && take(target, name, 'name', 'oldName') !== undefined;
    case 'target.altname.take':
      return (
        target !== undefined &&
        altnames[0] !== undefined &&
        take(target, altnames[0], 'altname', 'ofAltname') !== undefined
      );
    case 'target.index.take':
      return target !== undefined && takeIndex(target, index);
    case 'target.remove':
      if (target === undefined) return false;
      removeNamespace(world, TARGET);
      return true;
    case 'target.replace':
      if (target === undefined) return false;
      removeNamespace(world, TARGET);
      addNamespace(world, TARGET);
      return true;
    case 'home.name.take':
      return takeAtHome(name, incident.as, incident.forMs, incident.as);
    case 'home.altname.take':
      return altnames[0] !== undefined && takeAtHome(altnames[0], 'name', incident.forMs, 'ofAltname');
    case 'home.index.take':
      return takeIndex(world.kernel, index);
    case 'link.remove':
      if (there === undefined) return false;
      there.kernel.removeLink(there.link.index);
      return true;
    case 'link.rename':
      return change({ op: 'link.rename', to: 'renamed0' });
    case 'link.set-down':
      return change({ op: 'link.set', up: false });
    case 'link.mtu':
      return change({ op: 'link.set', mtu: incident.mtu });
    case 'link.mac':
      return change({ op: 'link.set', mac: CHANGED_MAC });
    case 'link.address.add':
      if (there === undefined) return false;
      return there.kernel.apply({ op: 'address.add', address: foreignAddress(there.link.index) }).ok;
    case 'link.altname':
      return there?.link.name !== name && change({ op: 'altname.add', altname: name });
    case 'disk.full':
      folder.full = true;
      remedies.after(incident.forMs, () => {
        folder.full = false;
      });
      return true;
    case 'abort':
      run.abort();
      return true;
    case 'kill':
      run.kill();
      return true;
  }

  function takeAtHome(wanted: string, as: 'name' | 'altname', forMs: number | null, by: Foreign): boolean {
    const taken = take(world.kernel, wanted, as, by);
    if (taken === undefined) return false;
    remedies.after(forMs, () => world.kernel.removeLink(taken));
    return true;
  }

  function change(
    what:
      | { readonly op: 'link.rename'; readonly to: string }
      | { readonly op: 'link.set'; readonly up?: boolean; readonly mtu?: number; readonly mac?: string }
      | { readonly op: 'altname.add'; readonly altname: string },
  ): boolean {
    return there?.kernel.apply({ ...what, link: there.link }).ok === true;
  }
}

/** Another link that answers to a name; its ifindex, or undefined where the name is taken already. */
function take(kernel: KernelModel, wanted: string, as: 'name' | 'altname', by: Foreign): number | undefined {
  const index = FOREIGN[by];
  const made = kernel.addLink({ name: as === 'name' ? wanted : `other${index}`, kind: 'dummy', index });
  if ('code' in made) return undefined;
  if (as === 'name' || kernel.apply({ op: 'altname.add', link: made, altname: wanted }).ok) return made.index;
  kernel.removeLink(made.index);
  return undefined;
}

function takeIndex(kernel: KernelModel, index: number): boolean {
  const isTaken = kernel.read({ routes: false }).links.some(link => link.index === index);
  return !isTaken && !('code' in kernel.addLink({ name: nameOfNumber(index), kind: 'dummy', index }));
}

/** What a link is called that has taken an ifindex. */
export function nameOfNumber(index: number): string {
  return `number${index}`;
}
