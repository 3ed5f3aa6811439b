import type { MoveEntry } from '../../../machines/link-move-types.ts';
import type { HostIdentity } from '../../domain/host-facts.ts';
import type { MovePlan } from '../../domain/move/plan.ts';
import type { MoveRequest } from '../../domain/move/request.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { RecordKind, RecordStore } from '../journal/store.ts';
import { createRecordStore, isObject } from '../journal/store.ts';

/** How far a move has come; written before what it names begins. */
export const MOVE_STAGES = ['moving', 'inUse', 'returning'] as const;
export type MoveStage = (typeof MOVE_STAGES)[number];

/** Where a run goes on from a stage. */
export function entryOf(stage: MoveStage): MoveEntry {
  return stage === 'inUse' ? 'inUse' : 'returning';
}

/** What is on disk before the first change: enough for another process to find the link and bring it home. */
export interface MoveRecord {
  readonly id: string;
  readonly stage: MoveStage;
  readonly identity: HostIdentity;
  readonly request: MoveRequest;
  readonly plan: MovePlan;
  readonly snapshot: Snapshot;
  /** Wall-clock ms at which the snapshot was taken: limited lifetimes run down from there. */
  readonly takenAt: number;
}

const MOVES: RecordKind<MoveRecord> = {
  suffix: '.move',
  format: 'ovs-uplink move',
  version: 1,
  linkOf: record => record.request.link,
  complete(read) {
    const parts = [read?.plan, read?.snapshot, read?.identity, read?.request];
    return parts.every(isObject) && MOVE_STAGES.includes(read.stage) ? read : undefined;
  },
};

/** Journals of moves. */
export type MoveStore = RecordStore<MoveRecord>;

/** The journals of moves in a state folder. */
export function createMoveStore(directory: string): MoveStore {
  return createRecordStore(directory, MOVES);
}
