import type { MoveWay } from '../../../domain/move/plan.ts';
import type { Disturbed } from '../disturbance.ts';
import type { MoveIncident } from './move-incident.ts';

/**
 * What is run: `return` moves the link and brings it home; `altered` does so after somebody inside has given it another name, MTU and state; `again` asks
 * for the same move once more; `orphan` recovers what is left when the target has ended.
 */
export const MOVE_COURSES = ['move', 'return', 'altered', 'again', 'orphan'] as const;
export type MoveCourse = (typeof MOVE_COURSES)[number];

/** One move of a link as plain data: with the host descriptions it is all that a replay needs. */
export interface MoveCase extends Disturbed<MoveIncident> {
  /** Its name at home. */
  readonly link: string;
  /** Its name in the target. */
  readonly name: string;
  readonly keepAddresses: boolean;
  /** What the kernel can do. */
  readonly way: MoveWay;
  readonly course: MoveCourse;
}

/** Where the links of exploration go. */
export const TARGET = '/run/netns/target';

/** What they are called there, unless a case says otherwise. */
export const PLAIN_NAME = 'net0';
