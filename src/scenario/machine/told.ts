import type { Assessment, StepReport } from '../../../machines/uplink-migration-types.ts';
import type { Address } from '../../domain/address.ts';
import type { Link } from '../../domain/link.ts';
import type { OvsFacts } from '../../domain/ovs-facts.ts';
import type { Failure } from '../../errors.ts';
import type { ChartStart } from './bind-scripted.ts';
import type { Mapping } from './complete.ts';
import { complete, isMapping, unknownFields } from './complete.ts';
import type { CourseEvent } from './course-notes.ts';
import type { AnyCourse } from './sample-input.ts';

/** An event as a scenario sends it, or complete. */
export type MachineEvent = { readonly type: string } & Mapping;

const LOST: Readonly<Record<string, Failure>> = {
  'ovsdb.connection.lost': { code: 'OVSDB_DISCONNECTED', what: 'ovsdb-server closed the connection' },
  'engine.lock.lost': { code: 'LOCK_HELD', what: 'another client of OVSDB took our lock' },
  'engine.guard.lost': { code: 'GUARD_FAILED', what: 'the guard ended', advice: 'see its log' },
};

/** The one field of an event that says something. */
function fieldOf(type: string): string | undefined {
  if (type.startsWith('netlink.link.')) return 'link';
  if (type.startsWith('netlink.address.')) return 'address';
  if (type === 'ovsdb.facts.changed') return 'ovs';
  if (type in LOST) return 'failure';
  if (type === 'owner.changed') return 'owner';
  return type === 'ABORT' ? 'reason' : undefined;
}

/**
 * The host as a chart was told of it so far: what a scenario says in part is completed from what was told last, and from the plain host's course
 * before that. So a scenario names only what changes.
 */
export interface Told {
  /**
   * Completes an event and remembers it.
   *
   * - `ovsdb.facts.changed`: `ovs` over the facts told last; a row that was not there is the plain host's, in order.
   * - `netlink.link.…`: `link` over the link of that `index`, or of that `name`; without either it is the uplink.
   * - `netlink.address.…`: `address` over one of that `local` on the host port, for `removed` on the uplink; without it the first.
   * - `owner.changed`: the `owner`, NetworkManager.
   * - losses: the `failure`; `ABORT`: the `reason`.
   */
  event(given: MachineEvent): MachineEvent;
  /**
   * Completes what an actor answers and remembers it.
   *
   * - `connectOvsdb`: the facts told last, at first those of the plain host: no bridge.
   * - `bumpConfiguration`: one more than the last `next_cfg`; so is a report's `nextCfg` where the step changes OVSDB.
   * - `releaseAgain`: how many had to be asked, none.
   * - all others: what the engine's own gave in the same state of the plain host's course.
   */
  answer(actor: string, state: string, given: unknown): unknown;
  /** An event of the plain host's course as it would be now: with everything applied that was asked for. */
  updated(event: CourseEvent): MachineEvent;
  /** Every row in order, and everything applied. */
  ovsInOrder(): MachineEvent;
  /** Fields that were given since this was asked last, and that nothing of this kind has. */
  takeUnknown(): readonly string[];
}

/** Nothing was told yet, but what the chart starts with. */
export function createTold(start: ChartStart, course: AnyCourse): Told {
  const { plan, snapshot } = course.answers.get('assess') as Assessment;
  const uplinkIndex = plan?.uplinkIndex ?? snapshot?.link.index ?? 0;
  const links = new Map<number, Link>();
  let hostPortIndex: number | undefined;
  let unknown: string[] = [];
  let ovs = (course.answers.get('connectOvsdb') ?? course.facts) as OvsFacts;
  /** The last `next_cfg` that an actor gave. */
  let askedCfg = ovs.system?.nextCfg ?? 0;

  const seeLink = (link: Link | null): void => {
    if (link !== null) links.set(link.index, link);
  };
  /** One that was shown and is not applied yet is what the answer will be about: OVSDB tells of it before it answers. */
  const nextCfg = (): number => {
    const { nextCfg: shown = 0, curCfg = 0 } = ovs.system ?? {};
    return shown > askedCfg && curCfg < shown ? shown : Math.max(askedCfg, shown) + 1;
  };
  const forward = [...course.moves].filter(([state]) => !state.startsWith('rollingBack.'));
  for (const move of forward.flatMap(([, moves]) => moves)) {
    if (!('event' in move) || move.event.type !== 'netlink.link.changed') continue;
    const { link } = move.event;
    if (link.index !== uplinkIndex) hostPortIndex ??= link.index;
    seeLink(link);
  }
  seeLink(snapshot?.link ?? null);
  if (start.machine === 'altname-guard') seeLink(start.input.link);

  const fill = (given: unknown, base: unknown, sample: unknown, path: string): unknown => {
    unknown.push(...unknownFields(given, isMapping(sample) ? sample : base, path));
    return complete(given, base, sample);
  };
  const linkOf = ({ index, name }: Mapping): Link | undefined => {
    const known = [...links.values()];
    const byIndex = known.find(link => link.index === index);
    return byIndex ?? known.find(link => link.name === name) ?? links.get(uplinkIndex);
  };
  const addressOf = (type: string, { local }: Mapping): Address | undefined => {
    const report = course.answers.get('forwardStep preparing.standing.addressingHostPort') as StepReport | undefined;
    const known = (type === 'netlink.address.removed' ? snapshot?.addresses : report?.addresses) ?? [];
    const onLink = known.filter(
      a => a.linkIndex === (type === 'netlink.address.removed' ? uplinkIndex : hostPortIndex),
    );
    return local === undefined ? onLink[0] : onLink.find(address => address.local === local);
  };
  const seeFacts = (facts: OvsFacts): OvsFacts => {
    ovs = facts;
    return facts;
  };
  const withAllApplied = (facts: OvsFacts): OvsFacts => {
    if (facts.system === null || facts.system.curCfg < facts.system.nextCfg) return facts;
    const cfg = Math.max(askedCfg, facts.system.nextCfg);
    return { ...facts, system: { ...facts.system, nextCfg: cfg, curCfg: cfg } };
  };
  const reportOf = (given: unknown, sample: unknown): unknown => {
    if (!isMapping(sample) || !('pendingRows' in sample)) return fill(given, sample, sample, 'output');
    const cfg = sample['nextCfg'] === null ? null : nextCfg();
    const report = fill(given, { ...sample, nextCfg: cfg }, sample, 'output') as StepReport;
    seeLink(report.uplink);
    seeLink(report.hostPort);
    askedCfg = Math.max(askedCfg, report.nextCfg ?? 0);
    return report;
  };

  return {
    event(given) {
      const field = fieldOf(given.type);
      unknown.push(...Object.keys(given).filter(key => key !== 'type' && key !== field));
      if (given.type === 'ABORT') return { reason: 'asked by the scenario', ...given };
      if (given.type === 'ovsdb.facts.changed') {
        return { ...given, ovs: seeFacts(fill(given['ovs'], ovs, course.facts, 'ovs') as OvsFacts) };
      }
      if (given.type.startsWith('netlink.link.')) {
        const part = isMapping(given['link']) ? given['link'] : {};
        const base = linkOf(part);
        const link = fill(part, base, base, 'link') as Link;
        seeLink(link);
        return { ...given, link };
      }
      if (given.type.startsWith('netlink.address.')) {
        const part = isMapping(given['address']) ? given['address'] : {};
        const base = addressOf(given.type, part);
        return { ...given, address: fill(part, base, base, 'address') };
      }
      if (given.type === 'owner.changed') return { owner: 'NetworkManager', ...given };
      const failure = LOST[given.type];
      return failure === undefined ? given : { ...given, failure: complete(given['failure'], failure) };
    },
    answer(actor, state, given) {
      const said = given ?? undefined;
      if (actor === 'connectOvsdb') return seeFacts(fill(said, ovs, course.facts, 'output') as OvsFacts);
      if (actor === 'bumpConfiguration' || actor === 'clearFlowRestoreWait') {
        const cfg = (said ?? nextCfg()) as number;
        askedCfg = Math.max(askedCfg, cfg);
        return cfg;
      }
      if (actor === 'releaseAgain') return said ?? 0;
      if (actor === 'readFeatures') return said ?? course.features;
      return reportOf(said, course.answers.get(`${actor} ${state}`) ?? course.answers.get(actor));
    },
    updated(event) {
      const isFacts = event.type === 'ovsdb.facts.changed';
      return (isFacts ? { ...event, ovs: withAllApplied(event.ovs) } : event) as unknown as MachineEvent;
    },
    takeUnknown() {
      const taken = unknown;
      unknown = [];
      return taken;
    },
    ovsInOrder: () => ({ type: 'ovsdb.facts.changed', ovs: withAllApplied(course.facts) }),
  };
}
