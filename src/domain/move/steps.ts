import type { Effect } from '../effect.ts';
import { HOME } from '../effect.ts';
import type { KernelState } from '../kernel-state.ts';
import type { Link } from '../link.ts';
import { answersTo, isUp, MAX_LINK_NAME_LENGTH } from '../link.ts';
import type { LinkSysctls, Snapshot } from '../snapshot.ts';
import { addMissing } from '../steps/addresses.ts';
import { refOf } from '../steps/context.ts';
import { copySysctls, restoreAltnames, restoreProperties } from '../steps/link-properties.ts';
import { setMissing } from '../steps/neighbours.ts';
import { moveLegs } from '../steps/routes.ts';
import { lookUpRules } from '../steps/rules.ts';
import { convergeUplink, wantedAddresses } from '../steps/uplink.ts';
import type { MovePlan, MoveStep, ReturnStep } from './plan.ts';

/** Both namespaces as they are now, and where the link is. */
export interface MoveSight {
  readonly plan: MovePlan;
  readonly snapshot: Snapshot;
  /** Seconds since the snapshot was taken. */
  readonly elapsedS: number;
  readonly home: KernelState;
  /** Null where the target is gone, or another namespace has its path. */
  readonly target: KernelState | null;
  /** The link at home; undefined where it is not there. */
  readonly atHome: Link | undefined;
  /** The link in the target. */
  readonly atTarget: Link | undefined;
  /** Of the link at home. */
  readonly sysctls: LinkSysctls;
}

/** A change, and the namespace in which it is made. */
export interface PlacedEffect {
  readonly at: 'home' | 'target';
  readonly effect: Effect;
}

const inTarget = (effect: Effect): PlacedEffect => ({ at: 'target', effect });
const atHome = (effect: Effect): PlacedEffect => ({ at: 'home', effect });

/** What is still to be done for a step of the way there; empty when it is done. */
export function moveEffects(step: MoveStep, sight: MoveSight): readonly PlacedEffect[] {
  switch (step) {
    case 'moving':
      return leaveHome(sight);
    case 'configuring':
      return configure(sight);
  }
}

/** What is still to be done for a step of the way back; it looks at both namespaces only, and is right from any state. */
export function returnEffects(step: ReturnStep, sight: MoveSight): readonly PlacedEffect[] {
  switch (step) {
    case 'bringingHome':
      return comeHome(sight);
    case 'restoringName':
      return restoreName(sight);
    case 'restoringLink':
      return restoreLink(sight).map(atHome);
  }
}

/** The link goes as it is: it stays up until the kernel itself takes it down. */
function leaveHome({ plan, atHome: link }: MoveSight): PlacedEffect[] {
  const { netns, name } = plan.request;
  return link === undefined ? [] : [atHome({ op: 'link.move', link: refOf(link), to: netns, name })];
}

function configure(sight: MoveSight): PlacedEffect[] {
  const { plan, snapshot, target, atTarget: link } = sight;
  if (link === undefined || target === null) return [];
  const wanted = plan.request.keepAddresses ? wantedAddresses({ ...sight, kernel: target, uplink: link }, link) : [];
  const present = target.addresses.filter(address => address.linkIndex === link.index);
  // A label begins with the link's name, which is another one here.
  const missing = addMissing(
    wanted.map(address => ({ ...address, label: null })),
    present,
  );
  if (missing.length > 0) return missing.map(inTarget);
  return isUp(snapshot.link) && !isUp(link) ? [inTarget({ op: 'link.set', link: refOf(link), up: true })] : [];
}

function comeHome({ plan, snapshot, home, atTarget: link }: MoveSight): PlacedEffect[] {
  if (link === undefined) return [];
  const { name } = snapshot.link;
  // The kernel refuses a link that has, as altname, what another link at home is called.
  const disputed = link.altnames.filter(altname => home.links.some(other => answersTo(other, altname)));
  const isTaken = home.links.some(other => answersTo(other, name));
  // In a namespace that is ours for a moment longer nobody needs the link's names.
  const asCalled = isTaken ? freeName(home, plan.identity.index) : name;
  return [
    ...disputed.map(altname => inTarget({ op: 'altname.remove', link: refOf(link), altname })),
    inTarget({ op: 'link.move', link: refOf(link), to: HOME, name: asCalled }),
  ];
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

/** A name that nobody at home answers to, for as long as the link's own is taken. */
function freeName(home: KernelState, index: number): string {
  for (let number = index; ; number += 1) {
    const name = `ovs-uplink${number}`.slice(-MAX_LINK_NAME_LENGTH);
    if (!home.links.some(link => answersTo(link, name))) return name;
  }
}

function restoreName({ snapshot, home, atHome: link }: MoveSight): PlacedEffect[] {
  const { name } = snapshot.link;
  if (link === undefined || link.name === name) return [];
  if (home.links.some(other => other.index !== link.index && answersTo(other, name))) return [];
  // udev may have given it its own name as altname meanwhile: renaming to it would be EEXIST (F-06).
  const own = link.altnames.includes(name)
    ? [atHome({ op: 'altname.remove', link: refOf(link), altname: name } as const)]
    : [];
  return [...own, atHome({ op: 'link.rename', link: refOf(link), to: name })];
}

function restoreLink(sight: MoveSight): Effect[] {
  const { snapshot, home, atHome: link, sysctls } = sight;
  if (link === undefined) return [];
  const context = { snapshot, elapsedS: sight.elapsedS, kernel: home, uplink: link };
  const mustRise = isUp(snapshot.link) && !isUp(link);
  const before = [
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
  const isThere = lookUpRules(home.rules);
  return [
    ...restoreAltnames(link, snapshot),
    ...convergeUplink(context),
    ...setMissing(withIndex(snapshot, link.index).neighbours, home.neighbours),
    ...snapshot.rules.filter(rule => !isThere(rule)).map((rule): Effect => ({ op: 'rule.add', rule })),
  ];
}
