import type { HostIdentity } from '../../domain/host-facts.ts';
import type { LinkIdentity } from '../../domain/move/identity.ts';
import { findLink, identify } from '../../domain/move/identity.ts';
import type { MovePlan } from '../../domain/move/plan.ts';
import type { LinkUses } from '../../domain/move/precheck.ts';
import type { MoveSight, Place } from '../../domain/move/steps.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { presentSnapshot } from '../../domain/steps/present-snapshot.ts';
import { toFailure, uplinkError } from '../../errors.ts';
import type { Host, Netns } from '../../host/host.ts';
import type { Clock } from '../clock.ts';
import type { Exclusive } from '../exclusive.ts';
import { createExclusive } from '../exclusive.ts';
import type { StateLock } from '../state-lock.ts';
import type { Surroundings } from '../surroundings.ts';
import type { MoveRecord, MoveStage } from './record.ts';

/** A namespace in which a step makes its changes. */
export type MovePlace = Pick<Host, 'apply'>;

/** What one run of a move holds: its lock, its journal, the target namespace. */
export interface MoveSession {
  readonly host: Host;
  readonly surroundings: Surroundings;
  readonly clock: Clock;
  readonly id: string;
  readonly life: AbortController;
  readonly exclusive: Exclusive;
  identity: HostIdentity | undefined;
  /** Who uses the link; asked once. */
  uses: LinkUses | undefined;
  /** Path of the namespace in which this link is renamed, where it must be. */
  transitOf(link: string): string;
  /** The journal as it was last written or read. */
  record(): MoveRecord | undefined;
  adopt(record: MoveRecord): void;
  write(record: MoveRecord): Promise<void>;
  /** Writes the stage, unless it is written already; with another plan where one is given. */
  reach(stage: MoveStage, plan?: MovePlan): Promise<void>;
  removeJournal(): Promise<void>;
  lock(): Promise<void>;
  unlock(): void;
  /** Opens the target of a new move. Errors: `USAGE`. */
  openTarget(path: string): Promise<Netns>;
  /** Where a step works; undefined for a target that is gone, or whose path another namespace has. */
  place(plan: MovePlan, place: Place): Promise<MovePlace | undefined>;
  /** Makes the namespace in which a link is renamed, unless it is there; see {@link Host.createNetns}. */
  openTransit(plan: MovePlan): Promise<void>;
  /** Takes it away; nothing happens where there is none. */
  closeTransit(): Promise<void>;
  /** The namespaces as they are now. */
  look(needs: { readonly routes?: boolean; readonly sysctls?: boolean }): Promise<MoveSight>;
  close(): Promise<void>;
}

/** Another move takes a fraction of this; a migration with its window open does not end for anybody. */
const LOCK_PATIENCE_MS = 5_000;

/** Opens a session; nothing is taken or written yet. */
export function createMoveSession(host: Host, surroundings: Surroundings, id: string): MoveSession {
  const { clock, moves } = surroundings;
  let record: MoveRecord | undefined;
  /** A write that failed may be on disk all the same. */
  let tried: string | undefined;
  /** See {@link MovePlan.away}. At home nobody is known by it: another link there may have that ifindex. */
  let seen: LinkIdentity | undefined;
  let stateLock: StateLock | undefined;
  let target: Netns | undefined;
  let transit: Netns | undefined;

  const findTarget = async (plan: MovePlan): Promise<Netns | undefined> => {
    // Held open it is the one that is meant, whatever has its path by now.
    if (target?.id === plan.target) return target;
    const opened = await ifThere(session.openTarget(plan.request.netns));
    if (opened?.id === plan.target) return opened;
    // Its path is gone, but it may live on with the processes that are in it.
    const path = await host.findNetns(plan.target);
    const found = path === undefined ? undefined : await ifThere(session.openTarget(path));
    return found?.id === plan.target ? found : undefined;
  };
  const findTransit = async (plan: MovePlan): Promise<Netns | undefined> => {
    transit ??= await ifThere(host.openNetns(plan.transit));
    return transit;
  };

  const session: MoveSession = {
    host,
    surroundings,
    clock,
    id,
    life: new AbortController(),
    exclusive: createExclusive(),
    identity: undefined,
    uses: undefined,
    transitOf: link => `${moves.directory}/${link}.netns`,
    record: () => record,
    adopt(adopted) {
      record = adopted;
      session.identity = adopted.identity;
    },
    async write(next) {
      tried = next.request.link;
      await moves.write(next);
      session.adopt(next);
    },
    async reach(stage, plan) {
      if (record === undefined) throw uplinkError('DEFECT', { what: 'no journal to write', object: stage });
      if (record.stage !== stage) await session.write({ ...record, stage, plan: plan ?? record.plan });
    },
    async removeJournal() {
      const link = record?.request.link ?? tried;
      if (link === undefined) return;
      await moves.remove(link);
      record = undefined;
      tried = undefined;
    },
    async lock() {
      if (stateLock !== undefined) return;
      await moves.prepare();
      stateLock = await surroundings.awaitLock(LOCK_PATIENCE_MS);
      await moves.sweep();
    },
    unlock() {
      stateLock?.release();
      stateLock = undefined;
    },
    async openTarget(path) {
      if (target?.path !== path) {
        await target?.[Symbol.asyncDispose]();
        target = undefined;
        target = await host.openNetns(path);
      }
      return target;
    },
    place: async (plan, place) =>
      place === 'home' ? host : place === 'target' ? await findTarget(plan) : await findTransit(plan),
    async openTransit(plan) {
      if ((await findTransit(plan)) !== undefined) return;
      await host.createNetns(plan.transit);
      await findTransit(plan);
    },
    async closeTransit() {
      if (record === undefined) return;
      await transit?.[Symbol.asyncDispose]();
      transit = undefined;
      await host.removeNetns(record.plan.transit);
    },
    async look({ routes = false, sysctls = false }) {
      const { plan, snapshot, takenAt } = subjectOf(session);
      const known = seen ?? plan.away ?? plan.identity;
      const within = { routes: false };
      const target = (await (await findTarget(plan))?.readKernel(within)) ?? null;
      const transit = (await (await findTransit(plan))?.readKernel(within)) ?? null;
      const home = await host.readKernel({ routes });
      const inTransit = transit === null ? undefined : findLink(known, transit.links);
      const atTarget = target === null || inTransit !== undefined ? undefined : findLink(known, target.links);
      const away = inTransit ?? atTarget;
      // A veth at home with the ifindex and peer of the one that has left is another one.
      const atHome = away !== undefined ? undefined : findLink(plan.identity, home.links);
      const found = away ?? atHome;
      if (found !== undefined) seen = identify(found);
      const elapsedS = Math.max(0, Math.ceil((clock.wallTime() - takenAt) / 1000));
      const own = home.addresses.filter(address => address.linkIndex === atHome?.index);
      return {
        plan: seen === undefined ? plan : { ...plan, away: seen },
        snapshot: presentSnapshot(snapshot, elapsedS, own),
        elapsedS,
        home,
        transit,
        target,
        atHome,
        inTransit,
        atTarget,
        sysctls: sysctls && atHome !== undefined ? await host.readSysctls(atHome.name) : {},
      };
    },
    async close() {
      session.unlock();
      for (const opened of [target, transit]) await opened?.[Symbol.asyncDispose]();
      target = undefined;
      transit = undefined;
    },
  };
  return session;
}

/** Undefined where the path leads to no network namespace. */
async function ifThere(opening: Promise<Netns>): Promise<Netns | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (toFailure(error).code === 'USAGE') return undefined;
    throw error;
  }
}

function subjectOf(session: MoveSession): { plan: MovePlan; snapshot: Snapshot; takenAt: number } {
  const record = session.record();
  if (record === undefined) throw uplinkError('DEFECT', { what: 'a step began before the journal was written' });
  return record;
}
