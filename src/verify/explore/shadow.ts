import { createSimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { createWorld } from '../../host/simulated/world.ts';
import type { HostImage } from '../invariants/ended-run.ts';
import type { Disturbances } from './apply-incident.ts';
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
  heal(nowMs: number): void;
  /** What the host may be compared with, each with the seconds since it was read. */
  bases(nowMs: number): readonly { readonly image: HostImage; readonly elapsedS: number }[];
}

const NO_RUN = { kill: () => undefined, abort: () => undefined, confirm: () => undefined };
const pristine = new WeakMap<HostDescription, HostImage>();

/** Opens one; it costs nothing until something happens that lasts. */
export function createShadow(
  host: HostDescription,
  names: { readonly bridge: string; readonly hostPort: string },
): Shadow {
  let kept: Disturbances | undefined;
  let undone: Disturbances | undefined;
  const make = (): Disturbances => createDisturbances(createWorld(host), createSimulatedFolder(), names);
  const catchUp = ({ world }: Disturbances, nowMs: number): void => world.clock.advance(nowMs - world.clock.now());
  return {
    happen(incident, nowMs) {
      if (!LASTING.includes(incident.kind)) return;
      kept ??= make();
      catchUp(kept, nowMs);
      applyIncident(incident, kept, NO_RUN);
      undone ??= make();
      if (UNDONE.includes(incident.kind)) return;
      catchUp(undone, nowMs);
      applyIncident(incident, undone, NO_RUN);
    },
    heal(nowMs) {
      for (const disturbances of [kept, undone]) {
        if (disturbances === undefined) continue;
        catchUp(disturbances, nowMs);
        disturbances.heal();
      }
    },
    bases(nowMs) {
      if (kept === undefined) return [{ image: pristineImage(host), elapsedS: nowMs / 1000 }];
      const made = [kept, undone].filter(disturbances => disturbances !== undefined);
      return made.map(disturbances => {
        catchUp(disturbances, nowMs);
        return { image: imageOf(disturbances.world, disturbances.folder, host.uplink), elapsedS: 0 };
      });
    },
  };
}

function pristineImage(host: HostDescription): HostImage {
  let image = pristine.get(host);
  if (image === undefined) {
    image = imageOf(createWorld(host), createSimulatedFolder(), host.uplink);
    pristine.set(host, image);
  }
  return image;
}
