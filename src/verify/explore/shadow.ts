import { createSimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { World } from '../../host/simulated/world.ts';
import { createWorld } from '../../host/simulated/world.ts';
import type { HostImage } from '../invariants/ended-run.ts';
import { applyIncident, createDisturbances } from './apply-incident.ts';
import type { Incident, IncidentKind } from './incident.ts';
import { imageOf } from './judge.ts';

/** Incidents that change what the host would be without us. */
const LASTING: readonly IncidentKind[] = [
  'uplink.remove',
  'uplink.carrier.lose',
  'uplink.set-down',
  'uplink.mtu',
  'uplink.address.remove',
  'uplink.address.add',
  'uplink.route.add',
  'name.take',
  'gateway.silent',
  // For what is on the ports of other bridges.
  'vswitchd.kill',
];

/** Of those, what a way back may set as it was in the snapshot: to keep the change or to undo it are both right. */
const UNDONE: readonly IncidentKind[] = ['uplink.set-down', 'uplink.mtu', 'uplink.address.remove'];

/** The host as it would be if there had been no run of ours. */
export interface Shadow {
  /** What others do to the host is done here, too. */
  happen(incident: Incident, nowMs: number): void;
  /** The same of what is no incident. */
  change(change: LastingChange, nowMs: number): void;
  heal(nowMs: number): void;
  /** What the host may be compared with, each with the seconds since it was read. */
  bases(nowMs: number): readonly Base[];
}

/** Something that others change, in whichever world. */
export interface LastingChange {
  apply(world: World): void;
  /** A way back may set it as it was in the snapshot. */
  readonly mayBeUndone: boolean;
}

export interface Base {
  readonly image: HostImage;
  readonly elapsedS: number;
}

const NO_RUN = { kill: () => undefined, abort: () => undefined, confirm: () => undefined };
const pristine = new WeakMap<HostDescription, HostImage>();

/** Opens one; it costs nothing until something happens that lasts. */
export function createShadow(
  host: HostDescription,
  names: { readonly bridge: string; readonly hostPort: string },
): Shadow {
  const story: { readonly atMs: number; readonly incident: Incident | LastingChange | 'heal' }[] = [];

  /** Tells the story to a fresh world, without some of it. */
  const tell = (left: ReadonlySet<Incident | LastingChange>, nowMs: number): Base => {
    const folder = createSimulatedFolder();
    const world = createWorld(host);
    const disturbances = createDisturbances(world, folder, names);
    for (const { atMs, incident } of story) {
      world.clock.advance(atMs - world.clock.now());
      if (incident === 'heal') disturbances.heal();
      else if (left.has(incident)) continue;
      else if ('apply' in incident) incident.apply(world);
      else applyIncident(incident, disturbances, NO_RUN);
    }
    world.clock.advance(nowMs - world.clock.now());
    return { image: imageOf(world, folder, host.uplink), elapsedS: 0 };
  };

  return {
    happen(incident, atMs) {
      if (LASTING.includes(incident.kind)) story.push({ atMs, incident });
    },
    change(change, atMs) {
      story.push({ atMs, incident: change });
    },
    heal(atMs) {
      if (story.length > 0) story.push({ atMs, incident: 'heal' });
    },
    bases(nowMs) {
      if (story.length === 0) return [{ image: pristineImage(host), elapsedS: nowMs / 1000 }];
      const undone = story.flatMap(({ incident }) => (incident !== 'heal' && mayBeUndone(incident) ? [incident] : []));
      return subsetsOf(undone).map(left => tell(left, nowMs));
    },
  };
}

function mayBeUndone(incident: Incident | LastingChange): boolean {
  return 'apply' in incident ? incident.mayBeUndone : UNDONE.includes(incident.kind);
}

/** All of them, the empty one first. */
export function subsetsOf<T>(items: readonly T[]): readonly ReadonlySet<T>[] {
  let subsets: readonly ReadonlySet<T>[] = [new Set<T>()];
  for (const item of items) subsets = [...subsets, ...subsets.map(subset => new Set([...subset, item]))];
  return subsets;
}

function pristineImage(host: HostDescription): HostImage {
  let image = pristine.get(host);
  if (image === undefined) {
    image = imageOf(createWorld(host), createSimulatedFolder(), host.uplink);
    pristine.set(host, image);
  }
  return image;
}
