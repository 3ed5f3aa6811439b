import type { HostIdentity } from '../../domain/host-facts.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import { findLink } from '../../domain/move/identity.ts';
import type { MovePlan } from '../../domain/move/plan.ts';
import type { MoveSight } from '../../domain/move/steps.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { presentSnapshot } from '../../domain/steps/present-snapshot.ts';
import { toFailure, uplinkError } from '../../errors.ts';
import type { Host, Netns } from '../../host/host.ts';
import type { Clock } from '../clock.ts';
import type { Exclusive } from '../exclusive.ts';
import { createExclusive } from '../exclusive.ts';
import type { RecordStore } from '../journal/store.ts';
import type { StateLock } from '../state-lock.ts';
import type { Surroundings } from '../surroundings.ts';
import type { MoveRecord, MoveStage } from './record.ts';

/** What a move needs beside the host. */
export interface MoveSurroundings
  extends Pick<Surroundings, 'clock' | 'newId' | 'takeLock' | 'findLockHolder' | 'inspect'> {
  readonly moves: RecordStore<MoveRecord>;
}

/** What one run of a move holds: its lock, its journal, the target namespace. */
export interface MoveSession {
  readonly host: Host;
  readonly surroundings: MoveSurroundings;
  readonly clock: Clock;
  readonly id: string;
  readonly life: AbortController;
  readonly exclusive: Exclusive;
  identity: HostIdentity | undefined;
  /** The journal as it was last written or read. */
  record(): MoveRecord | undefined;
  adopt(record: MoveRecord): void;
  write(record: MoveRecord): Promise<void>;
  /** Writes the stage, unless it is written already. */
  reach(stage: MoveStage): Promise<void>;
  removeJournal(): Promise<void>;
  lock(): Promise<void>;
  unlock(): void;
  /** The target as the plan means it; undefined where it is gone, or another namespace has its path. */
  target(plan: MovePlan): Promise<Netns | undefined>;
  /** Opens the target of a new move. Errors: `USAGE`. */
  openTarget(path: string): Promise<Netns>;
  /** Both namespaces as they are now. */
  look(needs: { readonly routes?: boolean; readonly sysctls?: boolean }): Promise<MoveSight>;
  close(): Promise<void>;
}

/** Opens a session; nothing is taken or written yet. */
export function createMoveSession(host: Host, surroundings: MoveSurroundings, id: string): MoveSession {
  const { clock, moves } = surroundings;
  let record: MoveRecord | undefined;
  let stateLock: StateLock | undefined;
  let netns: Netns | undefined;

  const session: MoveSession = {
    host,
    surroundings,
    clock,
    id,
    life: new AbortController(),
    exclusive: createExclusive(),
    identity: undefined,
    record: () => record,
    adopt(adopted) {
      record = adopted;
      session.identity = adopted.identity;
    },
    async write(next) {
      await moves.write(next);
      session.adopt(next);
    },
    async reach(stage) {
      if (record === undefined) throw uplinkError('DEFECT', { what: 'no journal to write', object: stage });
      if (record.stage !== stage) await session.write({ ...record, stage });
    },
    async removeJournal() {
      if (record === undefined) return;
      await moves.remove(record.request.link);
      record = undefined;
    },
    async lock() {
      if (stateLock !== undefined) return;
      await moves.prepare();
      stateLock = surroundings.takeLock();
      await moves.sweep();
    },
    unlock() {
      stateLock?.release();
      stateLock = undefined;
    },
    async openTarget(path) {
      if (netns?.path !== path) {
        await netns?.[Symbol.asyncDispose]();
        netns = undefined;
        netns = await host.openNetns(path);
      }
      return netns;
    },
    async target(plan) {
      try {
        const opened = await session.openTarget(plan.request.netns);
        return opened.id === plan.target ? opened : undefined;
      } catch (error) {
        if (toFailure(error).code === 'USAGE') return undefined;
        throw error;
      }
    },
    async look({ routes = false, sysctls = false }) {
      const { plan, snapshot, takenAt } = subjectOf(session);
      const target = (await (await session.target(plan))?.readKernel()) ?? null;
      const home = await host.readKernel({ routes });
      const atTarget = target === null ? undefined : findLink(plan.identity, target.links);
      // A veth at home with the ifindex and peer of the one that has left is another one.
      const atHome = atTarget === undefined ? findLink(plan.identity, home.links) : undefined;
      const elapsedS = Math.max(0, Math.ceil((clock.wallTime() - takenAt) / 1000));
      const own = home.addresses.filter(address => address.linkIndex === atHome?.index);
      return {
        plan,
        snapshot: presentSnapshot(snapshot, elapsedS, own),
        elapsedS,
        home,
        target,
        atHome: atHome === undefined ? undefined : linkByIndex(home, atHome.index),
        atTarget,
        sysctls: sysctls && atHome !== undefined ? await host.readSysctls(atHome.name) : {},
      };
    },
    async close() {
      session.unlock();
      await netns?.[Symbol.asyncDispose]();
      netns = undefined;
    },
  };
  return session;
}

function subjectOf(session: MoveSession): { plan: MovePlan; snapshot: Snapshot; takenAt: number } {
  const record = session.record();
  if (record === undefined) throw uplinkError('DEFECT', { what: 'a step began before the journal was written' });
  return record;
}
