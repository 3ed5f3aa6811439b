import type { Effect } from '../effect.ts';
import { HOME } from '../effect.ts';
import type { KernelState } from '../kernel-state.ts';
import { linkByIndex } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { answersTo, isUp, MAX_LINK_NAME_LENGTH } from '../link.ts';
import type { LinkSysctls, Snapshot } from '../snapshot.ts';
import { addMissing } from '../steps/addresses.ts';
import { refOf } from '../steps/context.ts';
import { copySysctls, restoreAltnames, restoreProperties } from '../steps/link-properties.ts';
import { setMissing } from '../steps/neighbours.ts';
import { moveLegs } from '../steps/routes.ts';
import { convergeUplink, wantedAddresses } from '../steps/uplink.ts';
import { isHardware } from './identity.ts';
import type { MovePlan, MoveStep, ReturnStep } from './plan.ts';
import { isUpThere } from './plan.ts';

/** The namespaces of a move; `transit` is one of our own, which is there only while a link must be renamed with nobody looking. */
export type Place = 'home' | 'transit' | 'target';

/** The namespaces as they are now, and where the link is. */
export interface MoveSight {
  readonly plan: MovePlan;
  readonly snapshot: Snapshot;
  /** Seconds since the snapshot was taken. */
  readonly elapsedS: number;
  readonly home: KernelState;
  /** Null where there is none, or, of the target, where another namespace has its path. */
  readonly transit: KernelState | null;
  readonly target: KernelState | null;
  /** The link, in at most one of them. */
  readonly atHome: Link | undefined;
  readonly inTransit: Link | undefined;
  readonly atTarget: Link | undefined;
  /** Of the link at home. */
  readonly sysctls: LinkSysctls;
}

/** A change, and the namespace in which it is made. */
export interface PlacedEffect {
  readonly at: Place;
  readonly effect: Effect;
}

/** What is still to be done for a step of the way there; empty when it is done. */
export function moveEffects(step: MoveStep, sight: MoveSight): readonly PlacedEffect[] {
  switch (step) {
    case 'moving':
      return leaveHome(sight);
    case 'configuring':
      return at('target', configure(sight));
  }
}

/** What is still to be done for a step of the way back; it looks at the namespaces only, and is right from any state. */
export function returnEffects(step: ReturnStep, sight: MoveSight): readonly PlacedEffect[] {
  switch (step) {
    case 'bringingHome':
      return comeHome(sight);
    case 'restoringName':
      return at('home', restoreName(sight));
    case 'restoringLink':
      return at('home', restoreLink(sight));
  }
}

function at(place: Place, effects: readonly Effect[]): PlacedEffect[] {
  return effects.map(effect => ({ at: place, effect }));
}

/** The link goes as it is: it stays up until the kernel itself takes it down. */
function leaveHome({ plan, snapshot, atHome, inTransit }: MoveSight): PlacedEffect[] {
  const { netns, name } = plan.request;
  const up = isUpThere(plan, snapshot.link) && { up: true as const };
  if (inTransit !== undefined) {
    const renaming = rename(inTransit, name);
    if (renaming.length > 0) return at('transit', renaming);
    return at('transit', [{ op: 'link.move', link: refOf(inTransit), to: netns, name: null, ...up }]);
  }
  if (atHome === undefined) return [];
  const link = refOf(atHome);
  if (plan.way === 'steps') return at('home', [{ op: 'link.move', link, to: plan.transit, name: null }]);
  return at('home', [...freeAltname(atHome, name), { op: 'link.move', link, to: netns, name, ...up }]);
}

/** A link that has the name as altname itself is refused it, and moved all the same. */
function freeAltname(link: Link, name: string): Effect[] {
  return link.altnames.includes(name) ? [{ op: 'altname.remove', link: refOf(link), altname: name }] : [];
}

/** Empty when it has the name. It must be down for kernels before 6.2; that it loses something by it does not matter where it is on its way. */
function rename(link: Link, to: string): Effect[] {
  if (link.name === to) return [];
  const down: Effect[] = isUp(link) ? [{ op: 'link.set', link: refOf(link), up: false }] : [];
  return [...down, ...freeAltname(link, to), { op: 'link.rename', link: refOf(link), to }];
}

function configure(sight: MoveSight): Effect[] {
  const { plan, snapshot, target, atTarget: link } = sight;
  if (link === undefined || target === null) return [];
  const wanted = plan.request.keepAddresses ? wantedAddresses({ ...sight, kernel: target, uplink: link }, link) : [];
  const present = target.addresses.filter(address => address.linkIndex === link.index);
  // A label begins with the link's name, which is another one here.
  const missing = addMissing(
    wanted.map(address => ({ ...address, label: null })),
    present,
  );
  if (missing.length > 0) return missing;
  return isUpThere(plan, snapshot.link) && !isUp(link) ? [{ op: 'link.set', link: refOf(link), up: true }] : [];
}

/** The link gets the name that it is to have at home before it goes there: nobody at home then sees another. */
function comeHome({ plan, snapshot, home, target, inTransit, atTarget }: MoveSight): PlacedEffect[] {
  const link = inTransit ?? atTarget;
  if (link === undefined) return [];
  const place = inTransit === undefined ? 'target' : 'transit';
  const { name, index } = snapshot.link;
  const isTaken = home.links.some(other => answersTo(other, name));
  const wanted = isTaken ? freeName(home, plan.identity.index) : name;
  // The kernel refuses a link that has, as altname, what another link at home is called.
  const disputed = link.altnames.filter(altname => home.links.some(other => answersTo(other, altname)));
  const altnames = disputed.map(altname => ({ op: 'altname.remove', link: refOf(link), altname }) as const);
  const isTakenThere =
    place === 'target' && target?.links.some(other => other.index !== link.index && answersTo(other, wanted)) === true;
  if (link.name !== wanted && isTakenThere) {
    return at('target', [{ op: 'link.move', link: refOf(link), to: plan.transit, name: null }]);
  }
  const changes = [...altnames, ...restoreIdentity(link, snapshot, plan), ...rename(link, wanted)];
  if (changes.length > 0) return at(place, changes);
  const mayKeep = link.index !== index && linkByIndex(home, index) === undefined;
  return at(place, [{ op: 'link.move', link: refOf(link), to: HOME, name: null, ...(mayKeep && { index }) }]);
}

/** What is no hardware is known by its MAC where its ifindex is taken at home: it must have that before it goes there. */
function restoreIdentity(link: Link, { link: { mac } }: Snapshot, { identity }: MovePlan): Effect[] {
  if (isHardware(identity) || mac === null || link.mac === mac) return [];
  return [{ op: 'link.set', link: refOf(link), mac }];
}

/** The snapshot of a link that has another ifindex now: the kernel keeps it over a move only where nobody has it there. */
export function withIndex(snapshot: Snapshot, index: number): Snapshot {
  const was = snapshot.link.index;
  if (was === index) return snapshot;
  return {
    ...snapshot,
    link: { ...snapshot.link, index },
    addresses: snapshot.addresses.map(address => ({ ...address, linkIndex: index })),
    routes: snapshot.routes.map(route => moveLegs(route, was, index)),
    neighbours: snapshot.neighbours.map(neighbour => ({ ...neighbour, linkIndex: index })),
  };
}

/** Kinds that take a link back when they are told; Open vSwitch does so by itself. */
const MASTER_KINDS = ['bridge', 'bond', 'team', 'vrf'];

/** The master that the link is to have again: undefined where it had none, where that is gone, or takes its ports by itself. */
export function masterOf(snapshot: Snapshot, home: KernelState): Link | undefined {
  if (snapshot.link.master === null) return undefined;
  const master = linkByIndex(home, snapshot.link.master);
  return master !== undefined && MASTER_KINDS.includes(master.kind ?? '') ? master : undefined;
}

/** The snapshot without the altnames that another link at home answers to: the kernel would refuse them, and the comparison tells of them. */
function withFreeAltnames(snapshot: Snapshot, home: KernelState, link: Link): Snapshot {
  const isFree = (name: string): boolean =>
    !home.links.some(other => other.index !== link.index && answersTo(other, name));
  return { ...snapshot, link: { ...snapshot.link, altnames: snapshot.link.altnames.filter(isFree) } };
}

/** A name that nobody at home answers to, for as long as the link's own is taken. */
function freeName(home: KernelState, index: number): string {
  for (let number = index; ; number += 1) {
    const name = `ovs-uplink${number}`.slice(-MAX_LINK_NAME_LENGTH);
    if (!home.links.some(link => answersTo(link, name))) return name;
  }
}

function restoreName({ snapshot, home, atHome: link }: MoveSight): Effect[] {
  const { name } = snapshot.link;
  if (link === undefined || link.name === name) return [];
  if (home.links.some(other => other.index !== link.index && answersTo(other, name))) return [];
  // udev may have given it its own name as altname meanwhile: renaming to it would be EEXIST (F-06).
  return [...freeAltname(link, name), { op: 'link.rename', link: refOf(link), to: name }];
}

function restoreLink(sight: MoveSight): Effect[] {
  const { snapshot, home, atHome: link, sysctls } = sight;
  if (link === undefined) return [];
  const context = { snapshot, elapsedS: sight.elapsedS, kernel: home, uplink: link };
  const mustRise = isUp(snapshot.link) && !isUp(link);
  const master = masterOf(snapshot, home);
  // A bond takes only links that are down.
  const enslaving: Effect[] =
    master !== undefined && link.master === null ? [{ op: 'link.set', link: refOf(link), master: master.index }] : [];
  const before = [
    ...enslaving,
    ...restoreProperties(link, mustRise ? { ...snapshot.link, flags: link.flags } : snapshot.link),
    ...copySysctls(link, snapshot.sysctls, sysctls),
  ];
  if (before.length > 0) return before;
  if (mustRise) {
    // Before the link is up: the kernel then makes no link-local address of its own, which it would test for a second.
    const present = home.addresses.filter(address => address.linkIndex === link.index);
    const missing = addMissing(wantedAddresses(context, link), present);
    return missing.length > 0 ? missing : [{ op: 'link.set', link: refOf(link), up: true }];
  }
  return [
    ...restoreAltnames(link, withFreeAltnames(snapshot, home, link)),
    ...convergeUplink(context),
    ...setMissing(withIndex(snapshot, link.index).neighbours, home.neighbours),
  ];
}
