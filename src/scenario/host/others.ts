import { linkByName } from '../../domain/kernel-state.ts';
import type { Layout } from '../../domain/layout.ts';
import { namesOf } from '../../domain/layout.ts';
import { isMarked } from '../../domain/ovs-state.ts';
import type { SimulatedFolder } from '../../engine/simulated-surroundings.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { World } from '../../host/simulated/world.ts';
import type { RunHandles } from '../../verify/explore/apply-incident.ts';
import { applyIncident, createDisturbances } from '../../verify/explore/apply-incident.ts';
import type { StruckAt } from '../../verify/explore/excuses.ts';
import { comesTooLate, flushes, isAfterLastLook, isFlushed, objectsOf } from '../../verify/explore/excuses.ts';
import type { Incident } from '../../verify/explore/incident.ts';
import type { Base } from '../../verify/explore/shadow.ts';
import { createShadow } from '../../verify/explore/shadow.ts';
import type { Actor, Change } from '../actor.ts';
import type { ResolvedChange, Substitute } from './apply-change.ts';
import { resolveChange } from './apply-change.ts';
import { excusesOf, excusesOfOurs, isMovable, isUndoable } from './excused-changes.ts';

/** What others do to the host of a scenario, and what of that nobody is blamed for. */
export interface Others {
  /** Lets it happen now; says why where it cannot happen. */
  act(actor: Actor, at: StruckAt, handles: RunHandles): string | null;
  /** What the host may be compared with. */
  bases(): readonly Base[];
  /** Objects, as the invariants call them, for which no base shows what others did. */
  excused(): readonly string[];
  /** How often they acted after a run had looked at the host for the last time. */
  lateActs(): number;
  /** When the last of what ends by itself does. */
  lastsUntilMs(): number;
  /** How often they acted. */
  acts(): number;
  /** What is in the way; `isResting`: all that ends by itself has ended. */
  inTheWay(isResting: boolean): { readonly any: boolean; readonly ovsdb: boolean };
}

/** Begins with an undisturbed world. */
export function createOthers(
  host: HostDescription,
  world: World,
  folder: SimulatedFolder,
  asked: { readonly layout: Layout; readonly bridge: string },
): Others {
  const planned = namesOf(asked.layout, host.uplink, asked.bridge);
  const names = { bridge: planned.bridge, hostPort: planned.hostPort ?? planned.bridge };
  const disturbances = createDisturbances(world, folder, names);
  const shadow = createShadow(host, names);
  const known = new Set(host.kernel.links.map(link => link.index));
  // Links of the datapaths themselves are ovs-vswitchd's: they come with its first bridge and go when it likes.
  const excused = ['link ovs-netdev', 'link ovs-system'];
  const changes: Change[] = [];
  let lateActs = 0;
  let lastsUntilMs = 0;
  let acts = 0;

  const disturb = (incident: Incident, at: StruckAt, handles: RunHandles): string | null => {
    const missing = whatIsMissing(incident, world, folder, names.hostPort);
    if (missing !== null) return missing;
    const strike = { incident, ...at };
    if (comesTooLate(strike)) lateActs += 1;
    excused.push(...objectsOf(strike, host, names));
    if (flushes(incident)) excused.push(...changes.flatMap(change => excusesOf(change, host)));
    lastsUntilMs = Math.max(lastsUntilMs, world.clock.now() + durationOf(incident));
    if (!applyIncident(incident, disturbances, handles)) return 'there is nothing that it could happen to';
    shadow.happen(incident, world.clock.now());
    return null;
  };

  const change = (made: Change, at: StruckAt): string | null => {
    const added = changes.filter(({ kind }) => kind === 'link.add').length;
    const resolved = resolveChange(made, world, added);
    if (typeof resolved === 'string') return resolved;
    const why = resolved.apply(world);
    if (why !== null) return why;
    if (isAfterLastLook(at)) lateActs += 1;
    changes.push(made);
    if (made.kind === 'link.add') known.add(linkByName(world.kernel.read({ routes: false }), made.name)?.index ?? 0);
    const isOnOurs = resolved.links.some(index => !known.has(index));
    if (isOnOurs) {
      excused.push(...excusesOfOurs(made, host));
      // Without a run it would be on the uplink; whether a way back takes it along is for the checks of those who say so.
      const onUplink = (index: number): number => (known.has(index) ? index : world.uplinkIndex);
      if (isMovable(made)) shadow.change(lasting(resolved, true, onUplink), world.clock.now());
      return null;
    }
    if (isFlushed(at, host) || disturbances.happened.some(flushes)) excused.push(...excusesOf(made, host));
    const mayBeUndone = isUndoable(made, [planned.uplink, planned.bridge, names.hostPort]);
    shadow.change(lasting(resolved, mayBeUndone), world.clock.now());
    return null;
  };

  return {
    act(actor, at, handles) {
      acts += 1;
      return isChange(actor) ? change(actor, at) : disturb(actor, at, handles);
    },
    bases: () => shadow.bases(world.clock.now()),
    excused: () => excused,
    lateActs: () => lateActs,
    lastsUntilMs: () => lastsUntilMs,
    acts: () => acts,
    inTheWay(isResting) {
      const present = disturbances.happened.filter(one => !isResting || ('forMs' in one && one.forMs === null));
      return { any: present.length > 0, ovsdb: present.some(({ kind }) => kind === 'ovsdb.stop') };
    },
  };
}

function lasting(resolved: ResolvedChange, mayBeUndone: boolean, on?: Substitute) {
  return {
    mayBeUndone,
    // Where the shadow has not what it would change, there is nothing to compare either.
    apply: (world: World): void => void resolved.apply(world, on),
  };
}

const CHANGES: Readonly<Record<Change['kind'], true>> = {
  'altname.add': true,
  'altname.remove': true,
  'link.add': true,
  'link.remove': true,
  'link.rename': true,
  'link.set': true,
  'address.add': true,
  'address.remove': true,
  'route.add': true,
  'route.remove': true,
  'rule.add': true,
  'rule.remove': true,
  'sysctl.write': true,
  'ovsdb.port.remove': true,
  'ovsdb.bridge.remove': true,
};

function isChange(actor: Actor): actor is Change {
  return actor.kind in CHANGES;
}

function durationOf(incident: Incident): number {
  if ('forMs' in incident) return incident.forMs ?? 0;
  return incident.kind === 'uplink.altname' ? incident.times * incident.everyMs : 0;
}

/** What an incident needs and is not there: it would change nothing, and nobody would notice. */
function whatIsMissing({ kind }: Incident, world: World, folder: SimulatedFolder, hostPortName: string): string | null {
  const { links, addresses } = world.kernel.read({ routes: false });
  const hostPort = links.find(link => link.name === hostPortName && link.index !== world.uplinkIndex);
  if (kind.startsWith('uplink.') && !links.some(link => link.index === world.uplinkIndex)) return 'the uplink is gone';
  if (kind.startsWith('host-port.') && hostPort === undefined) return `there is no host port ${hostPortName}`;
  switch (kind) {
    case 'host-port.dad-failed':
      return addresses.some(address => address.linkIndex === hostPort?.index && address.family === 6)
        ? null
        : 'the host port has no IPv6 address';
    case 'ovsdb.rows.remove': {
      const { bridges, ports } = world.ovs.database();
      return [...bridges, ...ports].some(isMarked) ? null : 'there are no rows of ours';
    }
    case 'owner.restart':
    case 'owner.silent':
      return world.owners.managers().length === 0 ? 'nobody manages the uplink' : null;
    case 'guard.lose':
      return folder.loseGuard === undefined ? 'no guard is on duty' : null;
    default:
      return null;
  }
}
