import type { KernelState } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import { isUp, standsOn } from '../../../domain/link.ts';
import type { Route } from '../../../domain/route.ts';
import type { SimulatedFolder } from '../../../engine/simulated-surroundings.ts';
import type { World } from '../../../host/simulated/world.ts';
import { checkInvariants } from '../../invariants/check-invariants.ts';
import type { HostImage, TriedEffect } from '../../invariants/ended-run.ts';
import { objectsOfOthers } from '../apply-incident.ts';
import type { CaseViolation } from '../judge.ts';
import { imageOf } from '../judge.ts';
import type { Base } from '../shadow.ts';
import { nameOfNumber } from './apply-move-incident.ts';
import type { MoveCase } from './move-case.ts';
import { TARGET } from './move-case.ts';
import type { MoveIncident } from './move-incident.ts';
import type { Subject, Whereabouts } from './subject.ts';
import { addressesAt } from './subject.ts';

/** A moment in which a link is where it should be. */
export interface MoveEnd {
  readonly world: World;
  readonly folder: SimulatedFolder;
  readonly planned: MoveCase;
  readonly subject: Subject;
  readonly bases: readonly Base[];
  /** What others have done, whenever. */
  readonly happened: readonly MoveIncident[];
  /** Of that, what was done to the link after the run had looked at it for the last time. */
  readonly late: readonly MoveIncident[];
  /** What this run tried, where it says that it changed nothing. */
  readonly tried: readonly TriedEffect[];
  /** The journal may be there all the same: the disk failed for its removal, too. */
  readonly mayLeaveJournal: boolean;
}

/** The link is at home as it was; or gone, where others have taken it away. Nothing of ours is left. */
export function judgeHome(end: MoveEnd): readonly CaseViolation[] {
  const { world, folder, planned, subject, bases } = end;
  const there = subject.find();
  const found = [...judgeTransit(end), ...judgeTried(end)];
  if (!end.mayLeaveJournal && folder.moves.size > 0) {
    found.push(violation('journal left behind', planned.link, 'none', [...folder.moves.keys()].join(', ')));
  }
  if (there === undefined)
    return isTakenAway(end) ? found : [...found, violation('gone', planned.link, 'at home', 'nowhere')];
  if (there.place !== 'home' && isUnknowable(end)) return found;
  if (there.place !== 'home') return [...found, violation('not at home', planned.link, 'home', there.place)];
  const after = imageOf(world, folder, planned.link);
  const foreign = foreignObjects(end);
  let fewest: readonly CaseViolation[] | undefined;
  const asBefore = withIndexOf(subject, there.link, end, after);
  for (const { image, elapsedS } of bases) {
    // The world knows by the number of the uplink which gateways answer.
    const reachable = asBefore === after ? after.reachable : image.reachable;
    const violations = compareHome(planned.link, image, { ...asBefore, reachable }, elapsedS, foreign);
    if (violations.length === 0) return found;
    if (fewest === undefined || violations.length < fewest.length) fewest = violations;
  }
  return [...found, ...(fewest ?? [])];
}

/** The link is in the target as asked, in use and with its journal; the rest of home is as it was. */
export function judgeInUse(end: MoveEnd): readonly CaseViolation[] {
  const { folder, planned, subject } = end;
  const found = [...judgeTransit(end), ...judgeOthers(end)];
  const journals = [...folder.moves.values()];
  const stages = journals.map(({ stage }) => stage).join(', ');
  if (stages !== 'inUse') found.push(violation('journal', planned.link, 'inUse', stages));
  // It stays where it was put, until somebody asks for it: the namespace that it was put into is not there any more.
  if (isOrphan(end)) return found;
  const there = subject.find();
  if (there === undefined) {
    return isTakenAway(end) ? found : [...found, violation('gone', planned.link, 'in the target', 'nowhere')];
  }
  if (there.place !== 'target') return [...found, violation('not in the target', planned.link, 'target', there.place)];
  return [...found, ...compareTarget(end, there)];
}

/** Whatever else is wrong: its journal says how it comes home. */
export function judgeStranded({ folder, planned }: MoveEnd): readonly CaseViolation[] {
  const journals = [...folder.moves.keys()];
  return journals.length === 1
    ? []
    : [violation('stranded without a journal', planned.link, '1', `${journals.length}`)];
}

function violation(what: string, object: string, expected: string, got: string): CaseViolation {
  return { invariant: 'move', what, object, expected, got };
}

/** The namespace that the link was put into is not at its path any more. */
export function isOrphan({ world, folder, planned }: Pick<MoveEnd, 'world' | 'folder' | 'planned'>): boolean {
  return folder.moves.get(planned.link)?.plan.target !== world.namespaces.get(TARGET)?.id;
}

function hasEnded({ happened }: MoveEnd): boolean {
  return happened.some(({ kind }) => kind === 'target.remove' || kind === 'target.replace');
}

/** What is no hardware got another MAC and another ifindex between two looks: nobody could know it again. */
function isUnknowable({ planned, happened, subject: { link } }: MoveEnd): boolean {
  const hasNewMac = planned.incidents.some(({ when, incident }) => incident.kind === 'link.mac' && 'operation' in when);
  return link.permanentMac === null && hasNewMac && happened.some(({ kind }) => kind.endsWith('.index.take'));
}

function isTakenAway(end: MoveEnd): boolean {
  const isVirtual = end.subject.link.kind !== null;
  return end.happened.some(({ kind }) => kind === 'link.remove') || (isVirtual && hasEnded(end));
}

function judgeTransit({ world }: MoveEnd): CaseViolation[] {
  const ours = [...world.namespaces.keys()].filter(path => path !== TARGET);
  return ours.map(path => violation('namespace left behind', path, 'none', 'there'));
}

function judgeTried({ tried, planned }: MoveEnd): CaseViolation[] {
  const done = tried.filter(one => one.done);
  if (done.length === 0) return [];
  return [violation('changed though refused', planned.link, 'no changes', done.map(one => one.effect.op).join(', '))];
}

/** What others have done that the bases do not show. */
function foreignObjects({ happened, subject: { link } }: MoveEnd): readonly string[] {
  return happened.flatMap(({ kind }) => {
    // In the bases the link itself has that number.
    if (kind === 'home.index.take') return [`link ${nameOfNumber(link.index)}`];
    // Who comes first while the addresses are put back is first; a rename labels it anew.
    if (kind === 'link.address.add') return [`IPv4 addresses of ${link.name}`, ...objectsOfOthers(link.name)];
    // The kernel makes it when the link comes up with that MAC.
    return kind === 'link.mac' ? objectsOfChangedMac(link.name) : [];
  });
}

function objectsOfChangedMac(link: string): readonly string[] {
  const address = 'fe80::f0:ff:fe00:aa';
  return [`address ${address}/64 on ${link}`, `route local ${address}/128 table local dev ${link}`];
}

/** Every field of the host, by the invariants that a migration is judged with. */
function compareHome(
  link: string,
  { owners: _, ...base }: HostImage,
  { owners: __, ...after }: HostImage,
  elapsedS: number,
  foreign: readonly string[],
): readonly CaseViolation[] {
  return checkInvariants({
    uplink: link,
    result: 'rolledBack',
    pendingRows: false,
    base,
    after: { ...after, journal: base.journal },
    elapsedS,
    plan: null,
    journals: [],
    effects: [],
    ovsAnswers: true,
    wasKilled: false,
    faultsEnded: false,
    foreign,
  });
}

/** Where another link has its number at home, it has another one there; also where it came home by itself from where its number was taken. */
function withIndexOf(subject: Subject, now: Link, end: MoveEnd, image: HostImage): HostImage {
  const was = subject.link.index;
  const isTaken = (by: MoveIncident['kind']): boolean => end.happened.some(({ kind }) => kind === by);
  const mayDiffer = isTaken('home.index.take') || (isTaken('target.index.take') && hasEnded(end));
  if (now.index === was || !mayDiffer) return image;
  // The other one goes out of the way.
  const other = 100_000 + was;
  const swap = (index: number): number => (index === now.index ? was : index === was ? other : index);
  const legs = (route: Route): Route => ({
    ...route,
    nexthops: route.nexthops.map(hop => (hop.linkIndex === null ? hop : { ...hop, linkIndex: swap(hop.linkIndex) })),
  });
  const { links, addresses, routes, rules, neighbours } = image.kernel;
  const kernel: KernelState = {
    links: links.map(link => ({ ...link, index: swap(link.index) })),
    addresses: addresses.map(address => ({ ...address, linkIndex: swap(address.linkIndex) })),
    routes: routes.map(legs),
    rules,
    neighbours: neighbours.map(neighbour => ({ ...neighbour, linkIndex: swap(neighbour.linkIndex) })),
  };
  return { ...image, kernel };
}

function compareTarget({ planned, subject, late }: MoveEnd, { link, kernel }: Whereabouts): CaseViolation[] {
  const others = new Set(late.map(({ kind }) => kind));
  const { link: was } = subject;
  const found: CaseViolation[] = [];
  const compare = (what: string, expected: unknown, got: unknown, excuse: MoveIncident['kind']): void => {
    if (expected === got || others.has(excuse)) return;
    found.push(violation(`${what} in the target differs`, planned.link, String(expected), String(got)));
  };
  const state = kernel.read({ routes: false });
  compare('name', planned.name, link.name, 'link.rename');
  compare('up', isUp(was), isUp(link), 'link.set-down');
  compare('MAC', was.mac, link.mac, 'link.mac');
  compare('MTU', was.mtu, link.mtu, 'link.mtu');
  const wanted = planned.keepAddresses && late.length === 0 ? subject.addresses : [];
  const present = new Set(addressesAt(state, link.index));
  for (const address of wanted) {
    if (!present.has(address)) found.push(violation('address missing in the target', address, 'there', 'missing'));
  }
  return found;
}

/** Links at home that have nothing to do with it are as they were. */
function judgeOthers({ world, planned, subject, bases }: MoveEnd): CaseViolation[] {
  const [base] = bases;
  if (base === undefined) return [];
  const { link: moved } = subject;
  const now = world.kernel.read({ routes: false });
  return base.image.kernel.links.flatMap(was => {
    // One that has taken the name of a link that is gone is what was asked for.
    if (
      was.name === planned.link ||
      was.index === moved.index ||
      subject.is(was) ||
      standsOn(was, moved) ||
      was.index === moved.master
    )
      return [];
    const is = now.links.find(link => link.index === was.index);
    const textOf = (link: Link, state: KernelState): string =>
      JSON.stringify([link.name, link.altnames, isUp(link), link.mtu, link.mac, addressesAt(state, link.index)]);
    const expected = textOf(was, base.image.kernel);
    const got = is === undefined ? 'gone' : textOf(is, now);
    return expected === got ? [] : [violation('another link differs', was.name, expected, got)];
  });
}
