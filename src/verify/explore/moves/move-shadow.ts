import { createSimulatedFolder } from '../../../engine/simulated-surroundings.ts';
import type { HostDescription } from '../../../host/simulated/description/host-description.ts';
import { createWorld } from '../../../host/simulated/world.ts';
import type { HostImage } from '../../invariants/ended-run.ts';
import { imageOf } from '../judge.ts';
import { createRemedies } from '../remedies.ts';
import type { Base } from '../shadow.ts';
import { subsetsOf } from '../shadow.ts';
import type { MoveSurroundings } from './apply-move-incident.ts';
import { applyMoveIncident } from './apply-move-incident.ts';
import type { MoveCase } from './move-case.ts';
import type { MoveIncident } from './move-incident.ts';
import { createSubject } from './subject.ts';

/** Home as it would be if the link had never been moved. */
export interface MoveShadow {
  /** What others do at home is done here, too. */
  happen(incident: MoveIncident, nowMs: number): void;
  heal(nowMs: number): void;
  /** What home may be compared with. */
  bases(nowMs: number): readonly Base[];
}

const NO_RUN = { kill: () => undefined, abort: () => undefined };
const pristine = new WeakMap<HostDescription, Map<string, HostImage>>();

/** Opens one; it costs nothing until something happens. */
export function createMoveShadow(host: HostDescription, { link, name }: MoveCase): MoveShadow {
  const story: { readonly atMs: number; readonly incident: MoveIncident | 'heal' }[] = [];

  const tell = (left: ReadonlySet<MoveIncident>, nowMs: number): Base => {
    const world = createWorld(host);
    const folder = createSimulatedFolder();
    const remedies = createRemedies(world.clock);
    const subject = createSubject(world, link);
    // What is due in the same moment has not happened yet.
    const passUntil = (untilMs: number): void => {
      const ms = untilMs - world.clock.now();
      if (ms > 0) world.clock.advance(ms);
    };
    const surroundings: MoveSurroundings = { world, folder, subject, newName: name, remedies };
    for (const { atMs, incident } of story) {
      passUntil(atMs);
      if (incident === 'heal') remedies.heal();
      else if (!left.has(incident)) applyMoveIncident(incident, surroundings, NO_RUN);
    }
    passUntil(nowMs);
    return { image: imageOf(world, folder, link), elapsedS: 0 };
  };

  return {
    happen(incident, atMs) {
      if (incident.kind.startsWith('home.') || incident.kind.startsWith('link.')) story.push({ atMs, incident });
    },
    heal(atMs) {
      if (story.length > 0) story.push({ atMs, incident: 'heal' });
    },
    bases(nowMs) {
      if (story.length === 0) return [{ image: pristineImage(host, link), elapsedS: nowMs / 1000 }];
      // The way back makes the link what it was before the move: what others did to it is undone by it, or comes after it.
      const undone = story.flatMap(({ incident }) => (incident !== 'heal' && isOnLink(incident) ? [incident] : []));
      return subsetsOf(undone).map(left => tell(left, nowMs));
    },
  };
}

function isOnLink({ kind }: MoveIncident): boolean {
  return kind.startsWith('link.');
}

function pristineImage(host: HostDescription, link: string): HostImage {
  const images = pristine.get(host) ?? new Map<string, HostImage>();
  pristine.set(host, images);
  let image = images.get(link);
  if (image === undefined) {
    image = imageOf(createWorld(host), createSimulatedFolder(), link);
    images.set(link, image);
  }
  return image;
}
